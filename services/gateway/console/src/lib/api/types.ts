/** Names for what the API sends, from its OpenAPI description. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Approval = Schemas["Approval"];
export type BehaviourView = Schemas["BehaviourResponse"];
export type ChatMessage = Schemas["ChatMessage"];
export type ChatRow = Schemas["ChatRow"];
export type CloudEvent = Schemas["CloudEvent"];
export type Entity = Schemas["Entity"];
export type EntityRequest = Schemas["RequestView"];
export type Flow = Schemas["FlowView"];
export type Interaction = Schemas["InteractionResponse"];
export type Mind = Schemas["MindView"];
export type Sample = Schemas["Sample"];
export type Session = Schemas["SessionView"];
export type Stream = Schemas["StreamView"];
export type UsageRow = Schemas["UsageRow"];
export type Verdict = Schemas["Verdict"];
export type World = Schemas["WorldResponse"];
export type WorldRow = Schemas["WorldRow"];

/** A piece of an answer that is still being generated. */
export interface Chunk {
  invocation: string;
  attempt: number;
  index: number;
  agent: string;
  chat?: string | null;
  turn?: string | null;
  session?: string | null;
  node?: string | null;
  text: string;
  progress?: boolean;
}
