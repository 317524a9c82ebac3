/** The worlds of the repository that need no key, no file and no worker of their own. */
const files = import.meta.glob<string>(
  "../../../../../deploy/worlds/{lobby,workshop,tictactoe,calculator,blackboard,market,roundtable,helpdesk,animal-school}.yaml",
  { query: "?raw", import: "default" },
);

export interface Example {
  id: string;
  read: () => Promise<string>;
}

export const examples: Example[] = Object.entries(files).map(([path, read]) => ({
  id: path.replace(/^.*\/|\.yaml$/g, ""),
  read,
}));
