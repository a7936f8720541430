// The browser's peer connection behind the protocol library's interface.

import { withStereo, type Peer, type PeerEvents } from '../../verto';
import type { Kind } from './problems';

export interface PeerSetup {
  iceServers: RTCIceServer[];
  audio: MediaStreamTrack | null;
  video: MediaStreamTrack | null;
  /** Whether there is a device at all: without one only the receiving direction is offered. */
  sends: Record<Kind, boolean>;
  /** Gets the track of the canvas and the track of the mix. */
  received(track: MediaStreamTrack): void;
}

/** The most that one camera sends, in bits per second. */
const cameraBitrate = 1_500_000;

export class BrowserPeer implements Peer {
  private readonly pc: RTCPeerConnection;
  private readonly senders = new Map<Kind, RTCRtpTransceiver>();

  constructor(
    private readonly setup: PeerSetup,
    events: PeerEvents,
  ) {
    this.pc = new RTCPeerConnection({ iceServers: setup.iceServers });
    this.pc.ontrack = ({ track }) => setup.received(track);
    this.pc.onicecandidate = ({ candidate }) => events.candidate(candidate?.candidate ?? '');
    this.pc.onconnectionstatechange = () => report(this.pc.connectionState, events);
  }

  async offer(restart: boolean): Promise<string> {
    if (this.senders.size === 0) this.addTransceivers();
    const offer = await this.pc.createOffer({ iceRestart: restart });
    return this.describe({ type: 'offer', sdp: withStereo(offer.sdp ?? '') });
  }

  async accept(answer: string): Promise<void> {
    await this.pc.setRemoteDescription({ type: 'answer', sdp: answer });
    await this.limitBitrate();
  }

  async answer(offer: string): Promise<string> {
    await this.pc.setRemoteDescription({ type: 'offer', sdp: offer });
    for (const transceiver of this.pc.getTransceivers()) await this.adopt(transceiver);
    const answer = await this.pc.createAnswer();
    const sdp = await this.describe({ type: 'answer', sdp: withStereo(answer.sdp ?? '') });
    await this.limitBitrate();
    return sdp;
  }

  close(): void {
    this.pc.ontrack = null;
    this.pc.onicecandidate = null;
    this.pc.onconnectionstatechange = null;
    // Nothing more can be sent.
    this.senders.clear();
    this.pc.close();
  }

  stats(): Promise<RTCStatsReport> {
    return this.pc.getStats();
  }

  /** Sends another track, or nothing; true if the direction changed, so that a new negotiation is needed. */
  async send(kind: Kind, track: MediaStreamTrack | null): Promise<boolean> {
    const transceiver = this.senders.get(kind);
    if (!transceiver) return false;
    await transceiver.sender.replaceTrack(track);
    if (!track || transceiver.direction === 'sendrecv') return false;
    transceiver.direction = 'sendrecv';
    return true;
  }

  private addTransceivers(): void {
    for (const kind of ['audio', 'video'] as const) {
      const track = this.setup[kind];
      const direction = this.setup.sends[kind] ? 'sendrecv' : 'recvonly';
      const transceiver = this.pc.addTransceiver(track ?? kind, { direction });
      if (kind === 'video') preferVP8(transceiver);
      this.senders.set(kind, transceiver);
    }
  }

  /** Takes over a transceiver that the server's offer has made. */
  private async adopt(transceiver: RTCRtpTransceiver): Promise<void> {
    const kind = transceiver.receiver.track.kind as Kind;
    this.senders.set(kind, transceiver);
    if (!this.setup.sends[kind]) return;
    transceiver.direction = 'sendrecv';
    await transceiver.sender.replaceTrack(this.setup[kind]);
  }

  private async describe(description: RTCSessionDescriptionInit): Promise<string> {
    await this.pc.setLocalDescription(description);
    return this.pc.localDescription?.sdp ?? '';
  }

  private async limitBitrate(): Promise<void> {
    const sender = this.senders.get('video')?.sender;
    const parameters = sender?.getParameters();
    if (!sender || !parameters?.encodings?.[0]) return;
    parameters.encodings[0].maxBitrate = cameraBitrate;
    // A browser that refuses the limit still works.
    await sender.setParameters(parameters).catch(() => undefined);
  }
}

function report(state: RTCPeerConnectionState, events: PeerEvents): void {
  if (state === 'connected') events.connected();
  else if (state === 'disconnected') events.interrupted();
  else if (state === 'failed') events.failed();
}

/** VP8 is what the server mixes; the others stay in the offer behind it. */
function preferVP8(transceiver: RTCRtpTransceiver): void {
  const codecs = RTCRtpReceiver.getCapabilities?.('video')?.codecs ?? [];
  const vp8 = codecs.filter((codec) => /\/vp8$/i.test(codec.mimeType));
  const others = codecs.filter((codec) => !vp8.includes(codec));
  if (vp8.length > 0) transceiver.setCodecPreferences?.([...vp8, ...others]);
}
