// Steps that are taken one after the other. No editor in here.

/** Takes one step at a time, in the order they were asked for; one that fails holds up no other. */
export class Turns {
  private last: Promise<void> = Promise.resolve();
  private waiting: Promise<void> | undefined;

  /** Take a step when all before it are done. */
  take(step: () => Promise<void>): Promise<void> {
    this.waiting = undefined;
    return this.append(step);
  }

  /** The same for a step that is always the same: until it has begun, to ask again adds none. */
  takeOnce(step: () => Promise<void>): Promise<void> {
    this.waiting ??= this.append(() => {
      this.waiting = undefined;
      return step();
    });
    return this.waiting;
  }

  private append(step: () => Promise<void>): Promise<void> {
    this.last = this.last.then(step, step);
    return this.last;
  }
}

/** Says no to what happens too often: so many times within so many milliseconds. */
export class Budget {
  private times: number[] = [];

  constructor(
    private readonly most: number,
    private readonly withinMs: number,
  ) {}

  /** Count one more, if it may be. */
  take(nowMs: number): boolean {
    this.times = this.times.filter((time) => nowMs - time < this.withinMs);
    if (this.times.length >= this.most) {
      return false;
    }
    this.times.push(nowMs);
    return true;
  }
}
