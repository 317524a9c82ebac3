import { formatRoute, parseRoute, type Route } from "./route";

class Router {
  current = $state.raw<Route>(parseRoute(location.hash));

  constructor() {
    addEventListener("hashchange", () => (this.current = parseRoute(location.hash)));
  }

  /** Changes some of the query, and stays at the same place. */
  set(query: Record<string, string | undefined>): void {
    location.replace(formatRoute(this.current.parts, { ...this.current.query, ...query }));
  }

  go(parts: string[], query: Record<string, string | undefined> = {}): void {
    location.hash = formatRoute(parts, query);
  }
}

export const router = new Router();

/** A link to a place of a world that stays at the commit which is shown. */
export function worldLink(world: string, ...parts: string[]): string {
  return formatRoute(["w", world, ...parts], { at: router.current.query.at });
}
