// A cable between one browser and the server that can be pulled: all TCP and all UDP
// of the page goes through it.
import { createSocket } from 'node:dgram';
import { connect, createServer } from 'node:net';

// plug lays a cable to a server. Pages come by link(), with init before their own scripts.
export async function plug(server) {
  const cut = { tcp: false, udp: false };
  const tcp = await relayTCP(server.port, cut);
  const udp = await relayUDP(server.mediaPort, cut);
  return {
    link: (link) => link.replace(`:${server.port}/`, `:${tcp.port}/`),
    init: `(${redirect})(${server.mediaPort}, ${udp.port})`,
    // pull cuts everything, or the media alone.
    pull(mediaOnly = false) {
      cut.udp = true;
      cut.tcp = !mediaOnly;
      if (cut.tcp) {
        tcp.drop();
      }
    },
    mend() {
      cut.tcp = cut.udp = false;
    },
    async remove() {
      udp.close();
      await tcp.close();
    },
  };
}

async function relayTCP(to, cut) {
  const open = new Set();
  const keep = (socket) => {
    open.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => open.delete(socket));
  };
  const listener = createServer((near) => {
    keep(near);
    if (cut.tcp) {
      near.destroy();
      return;
    }
    const far = connect(to, '127.0.0.1');
    keep(far);
    near.pipe(far).pipe(near);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  await new Promise((resolve) => listener.listen(0, 'localhost', resolve));
  const drop = () => open.forEach((socket) => socket.destroy());
  return {
    port: listener.address().port,
    drop,
    close: () => new Promise((resolve) => {
      listener.close(resolve);
      drop();
    }),
  };
}

// relayUDP gives every address of the browser a socket of its own towards the server.
async function relayUDP(to, cut) {
  const near = createSocket('udp4');
  const far = new Map();
  near.on('message', (packet, { address, port }) => {
    if (cut.udp) {
      return;
    }
    const key = `${address}:${port}`;
    if (!far.has(key)) {
      const socket = createSocket('udp4');
      socket.on('message', (reply) => !cut.udp && near.send(reply, port, address));
      far.set(key, socket);
    }
    far.get(key).send(packet, to, '127.0.0.1');
  });
  await new Promise((resolve) => near.bind(0, '127.0.0.1', resolve));
  return {
    port: near.address().port,
    close() {
      near.close();
      far.forEach((socket) => socket.close());
    },
  };
}

// redirect runs in the page: the server's candidates become the relay.
function redirect(from, to) {
  const real = RTCPeerConnection.prototype.setRemoteDescription;
  RTCPeerConnection.prototype.setRemoteDescription = function (description) {
    const sdp = description.sdp.replace(new RegExp(` \\S+ ${from} typ `, 'g'), ` 127.0.0.1 ${to} typ `);
    return real.call(this, { type: description.type, sdp });
  };
}
