import fc from "fast-check";

/** Bytes that look random and are the same on every run. */
export function noise(length: number, seed: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let state = Math.imul(seed, 0x9e3779b1) | 1;
  for (let i = 0; i < length; i++) {
    state = Math.imul(state, 1664525) + 1013904223 | 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** An old file, from very repetitive to random, and a new one after a few edits of it. */
export function editedPair(): fc.Arbitrary<[Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>]> {
  const edit = fc.record({
    at: fc.nat(4000),
    drop: fc.nat(300),
    insert: fc.uint8Array({ maxLength: 80 }),
    moveFrom: fc.nat(4000),
    move: fc.nat(400),
  });
  return fc.tuple(
    fc.nat(4000),
    fc.nat(),
    fc.integer({ min: 1, max: 256 }),
    fc.array(edit, { maxLength: 6 }),
  )
    .map(([length, seed, symbols, edits]) => {
      const before = noise(length, seed).map((byte) => byte % symbols);
      let after = before;
      for (const { at, drop, insert, moveFrom, move } of edits) {
        const moved = after.slice(moveFrom, moveFrom + move);
        const head = after.slice(0, at);
        const tail = after.slice(at + drop);
        const next = new Uint8Array(head.length + insert.length + moved.length + tail.length);
        next.set(head);
        next.set(insert, head.length);
        next.set(moved, head.length + insert.length);
        next.set(tail, head.length + insert.length + moved.length);
        after = next;
      }
      return [before, after];
    });
}
