import { beforeEach, describe, expect, it } from 'vitest';
import { CanvasGeometry, geometry, personalCanvas } from './geometry';
import type { JSONObject } from './json';
import { FakePlatform } from './testing';

const anna = { layerID: 0, memberID: 7, x: 0, y: 0, width: 640, height: 360, z: 0, floor: true, reservationID: 'presenter', zoom: false };
const empty = { layerID: 1, memberID: 0, x: 640, y: 0, width: 640, height: 360, z: 1, floor: false, reservationID: 'guest', zoom: true };

function recorded(change: JSONObject = {}): JSONObject {
  const known = { canvasID: 0, serial: 17, width: 1280, height: 720, rtpTime: 1000, layout: '2x2', moveMs: 250, layers: [anna, empty] };
  return { contentType: 'canvas-geometry', geometry: { ...known, ...change } };
}

let platform: FakePlatform;
let canvas: CanvasGeometry;
let changes: string[];

beforeEach(() => {
  platform = new FakePlatform();
  changes = [];
  canvas = new CanvasGeometry({
    after: (ms, run) => platform.after(ms, run),
    changed: () => changes.push(`${canvas.current?.serial ?? 'none'}${canvas.waiting ? ' waiting' : ''}`),
  });
});

function serial(): number | undefined {
  return canvas.current?.serial;
}

describe('a geometry message', () => {
  it('is read', () => {
    expect(geometry(recorded()['geometry'])).toEqual({
      canvas: 0,
      serial: 17,
      width: 1280,
      height: 720,
      rtpTime: 1000,
      layout: '2x2',
      group: '',
      moveMs: 250,
      layers: [
        {
          layer: 0, member: 7, x: 0, y: 0, width: 640, height: 360, z: 0, floor: true, reservation: 'presenter', zoom: false,
          banner: false, sourceWidth: 0, sourceHeight: 0, shows: 0,
        },
        {
          layer: 1, member: 0, x: 640, y: 0, width: 640, height: 360, z: 1, floor: false, reservation: 'guest', zoom: true,
          banner: false, sourceWidth: 0, sourceHeight: 0, shows: 0,
        },
      ],
    });
  });

  it.each([
    ['no object', 5],
    ['no canvas', { ...(recorded()['geometry'] as JSONObject), canvasID: undefined }],
    ['a canvas that cannot be', { ...(recorded()['geometry'] as JSONObject), canvasID: -2 }],
    ['no serial', { ...(recorded()['geometry'] as JSONObject), serial: 'x' }],
    ['no size', { ...(recorded()['geometry'] as JSONObject), width: 0 }],
  ])('with %s is ignored', (_, value) => {
    expect(geometry(value)).toBeUndefined();
    canvas.receive({ contentType: 'canvas-geometry', geometry: value });
    expect([canvas.current, changes]).toEqual([undefined, []]);
  });

  it('keeps its good cells when others are garbage', () => {
    const layers = [null, 'x', { layerID: 3 }, { ...anna, width: -1 }, anna];
    expect(geometry(recorded({ layers })['geometry'])?.layers.map(({ layer }) => layer)).toEqual([0]);
    expect(geometry(recorded({ layers: 'none' })['geometry'])?.layers).toEqual([]);
  });

  it('is told from others by its content type', () => {
    canvas.receive({ contentType: 'layout-info', geometry: recorded()['geometry'] ?? null });
    canvas.receive({});
    expect(canvas.current).toBeUndefined();
  });
});

describe('without frames', () => {
  it('a message counts at once', () => {
    canvas.receive(recorded());
    expect([serial(), canvas.waiting, platform.pending]).toEqual([17, false, 0]);
  });

  it('an older one never replaces a newer one', () => {
    canvas.receive(recorded());
    canvas.receive(recorded({ serial: 16 }));
    canvas.receive(recorded());
    canvas.receive(recorded({ serial: 18 }));
    expect(changes).toEqual(['17', '18']);
  });
});

describe('with frames', () => {
  beforeEach(() => {
    canvas.frames = true;
  });

  it('a message waits for its frame', () => {
    canvas.receive(recorded({ rtpTime: 9000 }));
    expect([serial(), canvas.waiting]).toEqual([undefined, true]);
    expect(canvas.frame(6000)).toBeUndefined();
    expect(canvas.frame(9000)?.serial).toBe(17);
    expect([canvas.waiting, platform.pending]).toEqual([false, 0]);
    expect(changes).toEqual(['none waiting', '17']);
  });

  it('several wait, each for its own', () => {
    canvas.receive(recorded({ serial: 1, rtpTime: 3000 }));
    canvas.receive(recorded({ serial: 2, rtpTime: 6000 }));
    canvas.receive(recorded({ serial: 3, rtpTime: 9000 }));
    expect(canvas.frame(3000)?.serial).toBe(1);
    expect(canvas.frame(4500)?.serial).toBe(1);
    expect(canvas.frame(12_000)?.serial).toBe(3);
    expect(canvas.waiting).toBe(false);
  });

  it('a skipped frame does not matter', () => {
    canvas.receive(recorded({ rtpTime: 9000 }));
    expect(canvas.frame(9001)?.serial).toBe(17);
  });

  it('the clock wraps around', () => {
    canvas.receive(recorded({ rtpTime: 2000 }));
    expect(canvas.frame(0xffff_ff00)).toBeUndefined();
    expect(canvas.frame(1999)).toBeUndefined();
    expect(canvas.frame(2000)?.serial).toBe(17);
    canvas.receive(recorded({ serial: 18, rtpTime: 0xffff_fff0 }));
    expect(canvas.frame(100)?.serial).toBe(18);
  });

  it('a layout that is older than half a turn of the clock is no future', () => {
    canvas.receive(recorded({ rtpTime: 0 }));
    expect(canvas.frame(0x9000_0000)?.serial).toBe(17);
  });

  it('a frame without a timestamp ends the waiting', () => {
    canvas.receive(recorded({ serial: 1, rtpTime: 3000 }));
    canvas.receive(recorded({ serial: 2, rtpTime: 6000 }));
    expect(canvas.frame(undefined)?.serial).toBe(2);
  });

  it('a frame that never comes is not waited for', async () => {
    canvas.receive(recorded({ serial: 1, rtpTime: 3000 }));
    canvas.receive(recorded({ serial: 2, rtpTime: 6000 }));
    await platform.advance(1499);
    expect(serial()).toBeUndefined();
    await platform.advance(1);
    expect([serial(), canvas.waiting]).toEqual([2, false]);
  });

  it('nothing is told after the end', async () => {
    canvas.receive(recorded());
    changes = [];
    canvas.close();
    await platform.advance(10_000);
    expect([changes, platform.pending]).toEqual([[], 0]);
  });
});

describe('with several canvases', () => {
  it('the watched one counts', () => {
    canvas.receive(recorded({ canvasID: 1, serial: 5 }));
    expect(canvas.current).toBeUndefined();
    canvas.watch(1);
    expect(canvas.current?.canvas).toBe(1);
    canvas.receive(recorded({ canvasID: 0, serial: 80 }));
    expect(canvas.current?.canvas).toBe(1);
    canvas.watch(0);
    expect(canvas.current?.serial).toBe(80);
    canvas.watch(2);
    expect(canvas.current).toBeUndefined();
  });

  it('what waited for another one is dropped', () => {
    canvas.frames = true;
    canvas.receive(recorded({ rtpTime: 9000 }));
    canvas.watch(1);
    expect([canvas.frame(9000), canvas.waiting, platform.pending]).toEqual([undefined, false, 0]);
  });
});

describe('a personal canvas', () => {
  const own = (change: JSONObject = {}): JSONObject => recorded({ canvasID: personalCanvas, serial: 3, ...change });

  it('goes before the watched one while it is there', () => {
    canvas.receive(recorded());
    canvas.receive(own(), true);
    canvas.receive(recorded({ serial: 18 }));
    expect(canvas.current?.canvas).toBe(personalCanvas);
  });

  it('ends with a message about another one to this session alone, though its serial is known', () => {
    canvas.receive(recorded());
    canvas.receive(own(), true);
    canvas.receive(recorded(), true);
    expect(canvas.current).toMatchObject({ canvas: 0, serial: 17 });
    canvas.receive(own({ serial: 1 }), true);
    expect(canvas.current).toMatchObject({ canvas: personalCanvas, serial: 1 });
  });

  it('ends with the newest that is known, even if the message is older', () => {
    canvas.receive(own(), true);
    canvas.receive(recorded({ serial: 18 }));
    canvas.receive(recorded({ serial: 17 }), true);
    expect(serial()).toBe(18);
  });

  it('begins and ends with its frames', () => {
    canvas.receive(recorded());
    canvas.frames = true;
    canvas.receive(own({ rtpTime: 3000 }), true);
    expect(canvas.current?.canvas).toBe(0);
    expect(canvas.frame(3000)?.canvas).toBe(personalCanvas);
    canvas.receive(recorded({ rtpTime: 9000 }), true);
    expect(canvas.frame(6000)?.canvas).toBe(personalCanvas);
    expect(canvas.frame(9000)?.canvas).toBe(0);
  });

  it('stays while only the row changes', () => {
    canvas.receive(own(), true);
    canvas.watch(personalCanvas);
    canvas.watch(1);
    expect(canvas.current?.canvas).toBe(personalCanvas);
  });
});
