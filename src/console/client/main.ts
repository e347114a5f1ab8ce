/*
 * What the browser adds to pages that can be read without it. Each part looks for its elements and does nothing where
 * there are none.
 */

import { addCopyButtons } from "./copy.ts";
import { fillFromFragment, sendOnChange } from "./forms.ts";
import { listenToKeys } from "./keys.ts";
import { keepFresh } from "./refresh.ts";
import { useViewersZone } from "./zone.ts";

useViewersZone();
addCopyButtons(document);
sendOnChange();
fillFromFragment();
listenToKeys();
keepFresh();
for (const needless of document.querySelectorAll<HTMLElement>("[data-hide-with-script]"))
  needless.hidden = true;
