/** How to mend in Python what the rule's own words mend in TypeScript, by id of the rule. */
export const pythonMends: Readonly<Record<string, string>> = {
  "N-1":
    "Write three parts of lower-case letters, digits and underscores into EventType, e.g. `course.outline.created`.",
  "N-6": "Have the same types in EventType, in what the module publishes, and in its EVENTS.md.",
  "N-7": "Call the key like the type, in upper case with underscores: COURSE_OUTLINE_CREATED.",
  "E-1": "Give id, type, source, target, payload, timestamp and meta.",
  "E-2": "Write id=str(uuid.uuid4()).",
  "E-3": "Add the type to EventType, and write type=EventType.… here.",
  "E-4": "Write timestamp=datetime.now(timezone.utc).",
  "E-5": 'Write "schema_version": 1.',
  "E-6": "Write the service into producer, and the name of the module's folder into source_module.",
  "E-7": "Give it to Event(…) as an argument of its own.",
  "E-8": "Make an Event(…) with a type of EventType, and publish that.",
  "P-1": "Give the fields that the event tells, at least the id of what it is about.",
  "P-2": "Carry the person's id; whoever needs more asks the module that has it.",
  "P-5": "Name the fields that the event tells, and carry public ids as text.",
  "P-6": "Carry the id of what is large, or its version.",
  "P-7": "Declare the payload as a TypedDict or a model of pydantic, and make it by that.",
  "11.5": 'Write meta={"schema_version": 1, "producer": "<service>", "source_module": "<module>"}.',
  "11.2": "Handle the event that tells of the change.",
  "11.4": "Publish what happened and let the other module handle it, or handle its events.",
  "11.8": "Delete the old way and its flag; there is no other setting than BRAIN_EVENTSTREAM_MODE.",
  "M-1": "Use `required`, or `degraded` for development; without the variable it is required.",
  "B-1": "Commit first, then publish.",
  "B-2":
    "Take the stream as an argument of the constructor; the application has it in app.state.event_stream.",
  "B-3": "Catch Exception around publish_event, and log the error with event.id and event.type.",
  "B-4": "Make the stream once, where the application starts, and hand it on.",
  "B-5": "Make an Event(…), and publish it to the EventStream that the module was given.",
  "B-6":
    "Take an EventStream that is always there, and ask nothing about it; BRAIN_EVENTSTREAM_MODE says whether one is needed.",
  "B-7": "Leave it to the EventConsumer, which notes (subscriber_name, stream_message_id).",
  "C-1": "Make an EventConsumer with a subscriber_name, and register the handlers with it.",
  "C-2": "Write a subscriber_name that no other consumer has.",
  "C-3": "Leave processed_events to the EventConsumer.",
  "C-4": "Let ConnectionError and TimeoutError through; raise ValueError only for what can never work.",
  "C-5": "Insert with ON CONFLICT DO NOTHING, and set values instead of adding to them.",
  "C-7": "Start the consumer when the application starts, and stop it when it ends.",
  "C-8": "Let the error through; the EventConsumer acks what is permanent, and what is not is tried again.",
  "T-1":
    "Write a test that makes the change, takes the event from the mock of publish_event, and compares type, payload and the three keys of meta.",
  "T-2":
    "Write a test that starts the consumer, publishes an event to a real stream, waits, and asserts what the handler was given.",
  "T-3":
    "Write a test that gives the consumer the same message with the same stream_message_id twice, and asserts one effect.",
  "T-4": "Write a test whose handler raises a ValueError, and assert that the message is acked.",
  "T-4B": "Write a test whose handler raises a ConnectionError, and assert that the message is not acked.",
};
