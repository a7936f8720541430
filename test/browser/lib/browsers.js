// Launches browsers with fake devices, one process per participant: the devices
// are chosen by command line.
import { accessSync, constants, mkdirSync } from 'node:fs';
import path from 'node:path';
import puppeteer from 'puppeteer-core';
import { camera, folder, microphone } from './fakes.js';

let profiles = 0;

// installed returns the program that the variable names, or the first of names on PATH.
function installed(variable, names) {
  if (process.env[variable]) {
    return process.env[variable];
  }
  for (const name of names) {
    for (const dir of process.env.PATH.split(':')) {
      const file = path.join(dir, name);
      try {
        accessSync(file, constants.X_OK);
        return file;
      } catch {
        // look on
      }
    }
  }
  throw new Error(`no browser: none of ${names.join(', ')} is on PATH; name one with ${variable}`);
}

function profile() {
  const dir = path.join(folder, `profile-${++profiles}`);
  mkdirSync(dir, { recursive: true });
  return dir;
}

// chromium launches a browser whose camera and microphone are the person's.
export function chromium(person) {
  return puppeteer.launch({
    executablePath: installed('CHROMIUM', ['chromium', 'chromium-browser', 'google-chrome']),
    userDataDir: profile(),
    args: [
      '--no-sandbox', // tests run as root in containers
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--autoplay-policy=no-user-gesture-required',
      '--allow-loopback-in-peer-connection',
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-video-capture=${camera(person)}`,
      `--use-file-for-fake-audio-capture=${microphone(person)}`,
    ],
  });
}

// firefox launches a browser with Firefox's own fake streams: a camera whose
// colour changes all the time and a steady tone.
export function firefox(person) {
  return puppeteer.launch({
    browser: 'firefox',
    executablePath: installed('FIREFOX', ['firefox-esr', 'firefox']),
    userDataDir: profile(),
    extraPrefsFirefox: {
      'media.navigator.streams.fake': true,
      'media.navigator.permission.disabled': true,
      'media.navigator.audio.fake_frequency': person.tone,
      'media.autoplay.default': 0,
      'media.autoplay.blocking_policy': 0,
      'media.cubeb.force_mock_context': true, // sound without a sound card
      'media.peerconnection.ice.loopback': true,
      'media.peerconnection.ice.obfuscate_host_addresses': false,
    },
  });
}

// open opens a page at the URL; errors collects what its console calls an error,
// with failed loads and exceptions. init runs in the page before its own scripts.
export async function open(browser, url, { width = 1280, height = 800, init } = {}) {
  const page = await browser.newPage();
  if (init) {
    await page.evaluateOnNewDocument(init);
  }
  const errors = [];
  page.on('console', (message) => {
    if (message.type() === 'error') {
      errors.push(message.text());
    }
  });
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.setViewport({ width, height });
  await page.goto(url);
  return { page, errors };
}
