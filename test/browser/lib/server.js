// Starts the built server on free ports with a data folder of its own.
import { execFile, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { folder } from './fakes.js';

const binary = process.env.OMNIVERTO ?? fileURLToPath(new URL('../../../bin/omniverto', import.meta.url));

// freePort returns a UDP port that nobody uses now.
function freePort() {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    socket.bind(0, () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}

// fields reads the key=value pairs of one line of the server's log.
function fields(line) {
  const out = {};
  for (const [, key, quoted, bare] of line.matchAll(/(\S+?)=(?:"((?:[^"\\]|\\.)*)"|(\S*))/g)) {
    out[key] = quoted ?? bare;
  }
  return out;
}

// start starts a server and waits until it is ready. users are [name, password]
// pairs of a FreeSWITCH directory file; params those of the profile of 36xx rooms;
// flags further words of the command line.
export async function start({ users = [], params = {}, flags = [] } = {}) {
  const data = mkdtempSync(path.join(folder, 'data-'));
  mkdirSync(path.join(data, 'conf'), { recursive: true });
  writeFileSync(path.join(data, 'conf', 'conference.conf.xml'), `<configuration name="conference.conf"><profiles>
    <profile name="video-mcu-stereo-720">
      ${Object.entries(params).map(([name, value]) => `<param name="${name}" value="${value}"/>`).join('\n')}
    </profile></profiles></configuration>`);
  if (users.length > 0) {
    directory(data, users);
  }
  const log = [];
  const media = `:${await freePort()}`;
  let { child, ended, ws, admin } = await launch(data, log, flags, { ws: '127.0.0.1:0', admin: '127.0.0.1:0', media });
  const port = ws.split(':').at(-1);
  return {
    url: `http://localhost:${port}`,
    socket: `ws://localhost:${port}`,
    admin: `http://${admin}`,
    get pid() {
      return child.pid;
    },
    port: Number(port),
    mediaPort: Number(media.slice(1)),
    log,
    // invite returns the link into a room, at this server's local address.
    async invite(room, role = 'participant') {
      const { stdout } = await promisify(execFile)(binary, ['invite', room, '--role', role, '--data', data]);
      const [, token] = stdout.trim().split('\n');
      return { token, link: `http://localhost:${port}/r/${room}#token=${token}` };
    },
    // ctl runs one command of the conference API and returns its reply.
    async ctl(room, ...command) {
      const { stdout } = await promisify(execFile)(binary, ['ctl', '--data', data, room, ...command]);
      return stdout;
    },
    // stop ends the server and fails if it did not end well.
    async stop() {
      child.kill('SIGTERM');
      const code = await ended;
      if (code !== 0) {
        throw new Error(`the server ended with ${code}:\n${log.slice(-40).join('\n')}`);
      }
    },
    // restart ends it and starts it again on the same data folder and ports.
    async restart() {
      await this.stop();
      ({ child, ended } = await launch(data, log, flags, { ws, admin, media }));
    },
  };
}

// launch starts the program and waits for the line of its log that says where it listens.
async function launch(data, log, flags, { ws, admin, media }) {
  const child = spawn(binary, [
    'serve', '--data', data, '--https', '127.0.0.1:0', '--ws', ws, '--admin', admin,
    '--media', media, '--log-level', process.env.OMNIVERTO_LOG_LEVEL ?? 'info', ...flags,
  ], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
  const ready = new Promise((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      log.push(line);
      const entry = fields(line);
      if (entry.msg === 'ready') {
        resolve(entry);
      }
    });
    ended.then((code) => reject(new Error(`the server ended with ${code}:\n${log.join('\n')}`)));
  });
  const limit = setTimeout(() => child.kill('SIGKILL'), 20_000);
  const entry = await ready;
  clearTimeout(limit);
  return { child, ended, ws: entry.ws, admin: entry.admin };
}

// directory writes users as FreeSWITCH keeps them.
function directory(data, users) {
  const dir = path.join(data, 'conf', 'directory');
  mkdirSync(dir, { recursive: true });
  const user = ([name, password]) => `
      <user id="${name}">
        <params>
          <param name="password" value="${password}"/>
          <param name="jsonrpc-allowed-methods" value="verto"/>
          <param name="jsonrpc-allowed-event-channels" value="demo,conference,presence"/>
        </params>
        <variables>
          <variable name="effective_caller_id_name" value="User ${name}"/>
          <variable name="effective_caller_id_number" value="${name}"/>
        </variables>
      </user>`;
  writeFileSync(path.join(dir, 'default.xml'), `<include>
  <domain name="localhost">
    <groups><group name="default"><users>${users.map(user).join('')}
    </users></group></groups>
  </domain>
</include>
`);
}
