/** Keeps an answer for some time and lets everybody who asks meanwhile share it. A failure is not kept. */
export class Kept<T> {
  private answer?: Promise<T>;
  private until = 0;

  constructor(
    private readonly ask: () => Promise<T>,
    private readonly forMs: number,
    private readonly now: () => number = Date.now
  ) {}

  get(): Promise<T> {
    if (!this.answer || this.now() >= this.until) {
      const answer = this.ask();
      this.answer = answer;
      this.until = this.now() + this.forMs;
      answer.catch(() => {
        if (this.answer === answer) {
          this.answer = undefined;
        }
      });
    }
    return this.answer;
  }
}
