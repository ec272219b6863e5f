/**
 * Text from outside, shown to people: names and messages that somebody else wrote must not steer the terminal
 * (ANSI sequences), nor read as what they are not (U+202E, zero-width characters).
 *
 * @module
 */

/** Control and format characters, separators of lines and paragraphs, and halves of surrogate pairs. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Those that JSON does not escape by itself. */
const UNSEEN_IN_JSON = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Whether text holds a character that can't be seen, or moves others. */
export function hasUnseen(text: string): boolean {
  return text.search(UNSEEN) >= 0;
}

/** `text` in one line, with each unseen character as its number: `\u{202e}`. */
export function plainLine(text: string): string {
  return text.replaceAll(UNSEEN, (character) => {
    return `\\u{${character.codePointAt(0)!.toString(16)}}`;
  });
}

/** `text` of several lines, of which each is plain. */
export function plainText(text: string): string {
  return text.split("\n").map(plainLine).join("\n");
}

/** A value as JSON in one line that says the same, where unseen characters are escapes. */
export function plainJson(
  value: unknown,
  replacer?: (key: string, value: unknown) => unknown,
): string {
  return JSON.stringify(value, replacer).replaceAll(UNSEEN_IN_JSON, (character) => {
    let escapes = "";
    for (let at = 0; at < character.length; at++) {
      escapes += `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`;
    }
    return escapes;
  });
}
