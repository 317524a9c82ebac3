/** What an approval asks, and the answers that its form has collected. */
import type { Approval, Verdict } from "../lib/api/types";

export interface Question {
  id: string;
  header?: string;
  question: string;
  multiple?: boolean;
  options?: { id: string; label: string; description?: string }[];
}

/** The questions of a call that asks a person, and nothing when it wants a permission. */
export function questionsOf(approval: Approval): Question[] {
  const tool = approval.call.tool as { people?: { questions: Question[] } } | null | undefined;
  return tool?.people?.questions ?? [];
}

export interface Given {
  options: string[];
  text: string;
}

export function isAnswered(questions: Question[], given: Record<string, Given>): boolean {
  return questions.every(({ id }) => (given[id]?.options.length ?? 0) > 0 || (given[id]?.text.trim() ?? "") !== "");
}

export function answered(questions: Question[], given: Record<string, Given>): Verdict {
  const answers = questions.map(({ id }) => {
    const text = given[id]?.text.trim() ?? "";
    return { question: id, options: given[id]?.options ?? [], ...(text === "" ? {} : { text }) };
  });
  return { answered: { answers } };
}

/** What would be done: the tool's name, and the arguments that it would get. */
export function callTitle(approval: Approval): string {
  const tool = approval.call.tool as { mcp?: { server: string; tool: string }; ability?: { entity: string; ability: string } } | null | undefined;
  if (tool?.mcp) return `${tool.mcp.tool} of ${tool.mcp.server}`;
  if (tool?.ability) return `${tool.ability.ability} of ${tool.ability.entity}`;
  return approval.call.name;
}
