/** Names that Windows opens as devices, with any extension and in any case. */
const DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])[ ]*(\.|$)/i;

const WINDOWS_FORBIDDEN = /[<>:"|?*\\]/;

/**
 * Why Windows can't hold a path, or takes it for another one (a device, a stream of a file, a drive):
 * `"CON" is a device on Windows`; `undefined` when it can.
 */
export function windowsObjection(path: string): string | undefined {
  for (const segment of path.split("/")) {
    if (segment === "." || segment === "..") continue;
    const name = JSON.stringify(segment.slice(0, 200));
    const forbidden = WINDOWS_FORBIDDEN.exec(segment)?.[0];
    if (forbidden !== undefined) return `${name} holds ${forbidden}, which no name on Windows may`;
    if (DEVICE.test(segment)) return `${name} is a device on Windows`;
    if (/[. ]$/.test(segment)) return `${name} ends in a dot or space, which Windows cuts off`;
  }
  return undefined;
}

/**
 * True for platforms whose names Breccia holds to Linux's rules alone (`linux-x64`, `linux`): names differ
 * by their bytes, and a backslash is a character.
 */
export function isLinux(platform: string): boolean {
  return platform.startsWith("linux");
}

/** True for platforms that may be Windows: `any`, and all whose name says no other system. */
export function mayBeWindows(platform: string): boolean {
  return !isLinux(platform) && !/^(darwin|macos|freebsd|openbsd|netbsd|android|ios)/.test(platform);
}
