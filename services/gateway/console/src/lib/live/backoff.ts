/** Pauses between attempts to connect: they double, and are shortened at random so that pages do not return together. */
export const FIRST_PAUSE_MS = 250;
export const LONGEST_PAUSE_MS = 15_000;

export function pauseBefore(attempt: number, random: () => number = Math.random): number {
  const whole = Math.min(FIRST_PAUSE_MS * 2 ** Math.max(0, attempt - 1), LONGEST_PAUSE_MS);
  return Math.round(whole * (0.5 + random() / 2));
}
