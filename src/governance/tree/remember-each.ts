/** Works out the value of each key once, when it is first asked for. A value of `null` or `undefined` is remembered too. */
export function rememberEach<Value>(read: (key: string) => Value): (key: string) => Value {
  const known = new Map<string, { readonly value: Value }>();
  return (key) => {
    const found = known.get(key) ?? { value: read(key) };
    known.set(key, found);
    return found.value;
  };
}
