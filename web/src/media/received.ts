// What the server sends: the canvas and the mix, over one peer connection after the other.

/** How long a new connection may be without a picture until it takes the old one's place all the same. */
const patience = 2_000;

/**
 * Received gives the stream that is to be played. When a call begins its media anew, the last picture of the old
 * connection stays until the new one has something to show.
 */
export class Received {
  private shown = new MediaStream();
  private next = this.shown;

  /** changed is called with each stream that is to be played from then on. */
  constructor(private readonly changed: (stream: MediaStream) => void) {}

  /** A new connection begins; the function returned takes its tracks. */
  begin(): (track: MediaStreamTrack) => void {
    const stream = new MediaStream();
    this.next = stream;
    if (this.shown.getTracks().length === 0) this.show(stream);
    return (track) => {
      stream.addTrack(track);
      if (stream === this.shown) return;
      if (track.kind === 'video') track.addEventListener('unmute', () => this.show(stream), { once: true });
      setTimeout(() => this.show(stream), patience);
    };
  }

  private show(stream: MediaStream): void {
    // A newer connection may have begun meanwhile.
    if (stream === this.shown || stream !== this.next) return;
    this.shown = stream;
    this.changed(stream);
  }
}
