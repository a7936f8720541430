// Short messages that come and go; they are shown and read out.

export interface Notice {
  id: number;
  text: string;
}

const lifetime = 5_000;
const most = 3;

/** Notices holds the newest few; each goes by itself. */
export class Notices {
  all = $state.raw<Notice[]>([]);
  private lastID = 0;

  constructor(private readonly after: (ms: number, run: () => void) => () => void) {}

  add(text: string): void {
    const id = ++this.lastID;
    this.all = [...this.all, { id, text }].slice(-most);
    this.after(lifetime, () => {
      this.all = this.all.filter((notice) => notice.id !== id);
    });
  }

  clear(): void {
    this.all = [];
  }
}
