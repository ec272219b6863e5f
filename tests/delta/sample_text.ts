import { randomNumbers } from "./fuzz.ts";

const WORDS =
  "the edge keeps a chunk of every release and serves what it has verified to all who ask"
    .split(" ");

/** Sentences of a few words: two of the same length with different seeds share words and little else. */
export function sampleText(length: number, seed: number): Uint8Array<ArrayBuffer> {
  const random = randomNumbers(seed);
  let text = "";
  while (text.length < length) {
    text += `${WORDS[random.next().value % WORDS.length]}${
      random.next().value % 9 === 0 ? ".\n" : " "
    }`;
  }
  return new TextEncoder().encode(text.slice(0, length));
}
