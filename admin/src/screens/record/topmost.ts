import { onDestroy } from "svelte";

const stack: symbol[] = [];

/** Notes that an editor is open, while its component lives; the answer says whether no other one was opened on top of it. */
export function opened(): () => boolean {
    const own = Symbol();
    stack.push(own);
    onDestroy(() => void stack.splice(stack.indexOf(own), 1));
    return () => stack.at(-1) === own;
}
