// Serves the tests' own pages and, unmodified, the packages of stock clients.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const kinds = { '.html': 'text/html', '.js': 'text/javascript' };

// servePages serves pages/ at / and node_modules/ at /node_modules/ on a free port.
export async function servePages() {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const base = pathname.startsWith('/node_modules/') ? root : path.join(root, 'pages');
    try {
      const body = await readFile(path.join(base, path.normalize(pathname)));
      response.writeHead(200, { 'content-type': kinds[path.extname(pathname)] ?? 'application/octet-stream' });
      response.end(body);
    } catch {
      response.writeHead(pathname === '/favicon.ico' ? 204 : 404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://localhost:${server.address().port}`,
    stop: () => new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    }),
  };
}
