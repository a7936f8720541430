// Opening microphone and camera.

import { problemOf, type Kind, type Problem } from './problems';

export interface Wanted {
  /** Device ids; empty for the system's default. */
  mic: string;
  camera: string;
  quality: 'standard' | 'high';
}

export interface Captured {
  tracks: Partial<Record<Kind, MediaStreamTrack>>;
  problems: Partial<Record<Kind, Problem>>;
}

/** A member's cell is seldom larger than a quarter of the canvas, so the standard size is a quarter of 720p. */
const sizes = { standard: { width: 640, height: 360 }, high: { width: 1280, height: 720 } } as const;

function constraints(kind: Kind, wanted: Wanted): MediaTrackConstraints {
  if (kind === 'audio') {
    return { ...device(wanted.mic), echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  }
  const { width, height } = sizes[wanted.quality] ?? sizes.standard;
  return {
    ...device(wanted.camera),
    width: { ideal: width },
    height: { ideal: height },
    frameRate: { ideal: 30, max: 30 },
  };
}

/** "ideal": a device that is gone must not fail the call but be replaced by another one. */
function device(id: string): MediaTrackConstraints {
  return id === '' ? {} : { deviceId: { ideal: id } };
}

/** Why nothing can be opened at all, or undefined. */
export function obstacle(): Problem | undefined {
  if (!window.isSecureContext) return 'insecure';
  return navigator.mediaDevices?.getUserMedia === undefined ? 'unsupported' : undefined;
}

/**
 * Opens the kinds asked for. Both are asked for together, so that browsers ask their user once; if that fails, each
 * alone, so that a missing camera does not cost the microphone.
 */
export async function capture(kinds: Kind[], wanted: Wanted): Promise<Captured> {
  const blocked = obstacle();
  if (blocked) return { tracks: {}, problems: Object.fromEntries(kinds.map((kind) => [kind, blocked])) };
  try {
    return { tracks: await open(kinds, wanted), problems: {} };
  } catch (error) {
    if (kinds.length === 1) return { tracks: {}, problems: { [kinds[0] as Kind]: problemOf(error) } };
  }
  const [audio, video] = [await capture(['audio'], wanted), await capture(['video'], wanted)];
  return { tracks: { ...audio.tracks, ...video.tracks }, problems: { ...audio.problems, ...video.problems } };
}

async function open(kinds: Kind[], wanted: Wanted): Promise<Captured['tracks']> {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: kinds.includes('audio') && constraints('audio', wanted),
    video: kinds.includes('video') && constraints('video', wanted),
  });
  const [audio, video] = [stream.getAudioTracks()[0], stream.getVideoTracks()[0]];
  if (video) video.contentHint = 'motion';
  return { ...(audio ? { audio } : {}), ...(video ? { video } : {}) };
}
