/** The pages of a world, in the order of its navigation. */
export const sections = [
  { id: "timeline", name: "Timeline" },
  { id: "chats", name: "Chats" },
  { id: "entities", name: "Entities" },
  { id: "graph", name: "Graph" },
  { id: "interactions", name: "Interactions" },
  { id: "streams", name: "Streams" },
  { id: "flows", name: "Flows" },
  { id: "runs", name: "Runs" },
  { id: "changes", name: "Changes" },
] as const;
