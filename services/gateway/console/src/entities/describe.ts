/** What an entity's configuration means, in a few words. */
import type { Entity } from "../lib/api/types";

type Config = Record<string, unknown>;

/** The kind of a configuration with one key, and what identifies it: `llm (ollama llama3.2)`. */
export function describeChoice(choice: unknown): string {
  if (typeof choice !== "object" || choice === null) return choice === undefined ? "" : String(choice);
  const [kind = "", config] = Object.entries(choice as Config)[0] ?? [];
  const fields = (typeof config === "object" && config !== null ? config : {}) as Config;
  const names = [fields.provider, fields.model, fields.action, fields.url, fields.kind].filter((value) => typeof value === "string");
  const rules = Array.isArray(fields.rules) ? `${fields.rules.length} rules` : "";
  const about = [...names, rules].filter((part) => part !== "").join(" ");
  return about === "" ? kind : `${kind} (${about})`;
}

/** The facts of an entity that are worth a line, in their order. */
export function factsOf(entity: Entity): [string, string][] {
  const agent = entity.agent;
  const facts: [string, string | undefined | null][] = [
    ["Kind", entity.kind],
    ["Role", entity.role],
    ["Master", entity.master ? "yes" : undefined],
    ["Place", entity.location],
    ["Held by", entity.held_by],
    ["Brain", agent?.brain === undefined ? undefined : describeChoice(agent.brain)],
    ["Processor", agent?.processor ? describeChoice(agent.processor) : undefined],
    ["Tools", agent?.tools ? `${agent.tools.permission ?? "ask"}${agent.tools.servers?.length ? `: ${agent.tools.servers.join(", ")}` : ""}` : undefined],
    ["Remembers", agent ? `${agent.context_messages ?? 20} messages` : undefined],
  ];
  return facts.filter((fact): fact is [string, string] => typeof fact[1] === "string" && fact[1] !== "");
}
