// Numbers as people read them. No editor in here.

/** Bytes in the unit that leaves one to three digits, by thousands: 491 MB. */
export function inBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const exponent = Math.min(
    units.length - 1,
    Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)),
  );
  const value = bytes / 1000 ** exponent;
  const digits = exponent > 0 && value < 10 ? 1 : 0;
  return `${value.toFixed(digits)} ${units[exponent] ?? "B"}`;
}

/** A time in ms, from one second on in s: 12 ms, 1.2 s. */
export function inTime(ms: number): string {
  if (ms >= 1_000) {
    return `${(ms / 1_000).toFixed(1)} s`;
  }
  return `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
}

/** A whole number with thousands parted: 5,706. */
export function inDigits(value: number): string {
  return value.toLocaleString("en-US");
}

/** A number and its noun: 1 file, 2 files. */
export function counted(count: number, noun: string): string {
  return `${inDigits(count)} ${noun}${count === 1 ? "" : "s"}`;
}
