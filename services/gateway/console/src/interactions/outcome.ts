/** The class of the text that names how a request has ended, or stands. */
export function outcomeTone(status: string): "good" | "bad" | "wait" | "quiet" {
  if (status === "completed") return "good";
  if (["failed", "rejected", "timed_out", "partial"].includes(status)) return "bad";
  if (["waiting", "accepted", "running"].includes(status)) return "wait";
  return "quiet";
}
