// The devices that there are, kept current while they come and go.

export interface Device {
  id: string;
  label: string;
}

type Lists = Record<'mics' | 'cameras' | 'speakers', Device[]>;

export class Devices {
  lists = $state.raw<Lists>({ mics: [], cameras: [], speakers: [] });
  private readonly refreshed = (): void => void this.refresh();

  /** Watches from now on until stop(). */
  start(): void {
    navigator.mediaDevices?.addEventListener('devicechange', this.refreshed);
    void this.refresh();
  }

  stop(): void {
    navigator.mediaDevices?.removeEventListener('devicechange', this.refreshed);
  }

  /** Reads the list anew; browsers give labels only once a device has been opened. */
  async refresh(): Promise<void> {
    const found = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
    const of = (kind: MediaDeviceKind): Device[] =>
      found.filter((device) => device.kind === kind && device.deviceId !== '').map(({ deviceId, label }) => ({ id: deviceId, label }));
    this.lists = { mics: of('audioinput'), cameras: of('videoinput'), speakers: of('audiooutput') };
  }
}

/** Whether this browser lets a page choose where sound goes. */
export function canChooseSpeaker(): boolean {
  return 'setSinkId' in HTMLMediaElement.prototype;
}
