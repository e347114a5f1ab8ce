/*
 * What the browser adds to pages that can be read without it. Each part looks for its elements and does nothing where
 * there are none.
 */

import { completeLines } from "./complete.ts";
import { addCopyButtons } from "./copy.ts";
import { fillFromFragment, sendOnChange } from "./forms.ts";
import { closeMenu, listenToKeys } from "./keys.ts";
import { followLive } from "./live.ts";
import { keepFresh } from "./refresh.ts";
import { tellUtc } from "./utc.ts";
import { useViewersZone } from "./zone.ts";

useViewersZone();
addCopyButtons(document);
sendOnChange();
fillFromFragment();
listenToKeys();
closeMenu();
keepFresh();
completeLines();
followLive();
tellUtc();
for (const needless of document.querySelectorAll<HTMLElement>("[data-hide-with-script]"))
  needless.hidden = true;
