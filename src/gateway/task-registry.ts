/** Who owns which task of an upstream (protocol.md K2). A task that is not here does not exist for this principal. */

/** Oldest entries are forgotten beyond this: a client that starts tasks for ever must not grow us for ever. */
const MAX_TASKS = 10_000;

export interface OwnedTask {
  readonly tool: string;
  /** Progress for a task goes on after the call that created it was answered. */
  readonly progressToken: string | null;
}

export class TaskRegistry {
  readonly #tasks = new Map<string, OwnedTask>();

  add(taskId: string, task: OwnedTask): void {
    this.#tasks.delete(taskId);
    this.#tasks.set(taskId, task);
    if (this.#tasks.size > MAX_TASKS) {
      for (const oldest of this.#tasks.keys()) {
        this.#tasks.delete(oldest);
        break;
      }
    }
  }

  get(taskId: string): OwnedTask | null {
    return this.#tasks.get(taskId) ?? null;
  }

  has(taskId: string): boolean {
    return this.#tasks.has(taskId);
  }

  /** True while a task that was created with this progress token is known. */
  hasProgressToken(token: string): boolean {
    for (const task of this.#tasks.values()) if (task.progressToken === token) return true;
    return false;
  }
}
