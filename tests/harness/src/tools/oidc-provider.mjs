// An OpenID Connect provider with one key, a client of machines and, for logins at bridges, one of browsers and one of
// programs on the machines of persons.
// Arguments: the library, the port, the key's ID, the public URLs of bridges.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';

const [library, port, kid, ...bridges] = process.argv.slice(2);
const { default: Provider } = await import(library);
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const machine = {
  client_id: 'machine',
  client_secret: 'secret',
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
  id_token_signed_response_alg: 'ES256',
};
const browser = {
  client_id: 'browser',
  client_secret: 'secret',
  grant_types: ['authorization_code', 'refresh_token'],
  redirect_uris: bridges.map((bridge) => `${bridge}/login/callback`),
  post_logout_redirect_uris: bridges.map((bridge) => `${bridge}/session`),
  response_types: ['code'],
  id_token_signed_response_alg: 'ES256',
};
const native = {
  client_id: 'native',
  token_endpoint_auth_method: 'none',
  application_type: 'native',
  grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
  redirect_uris: ['http://127.0.0.1/callback'],
  response_types: ['code'],
  id_token_signed_response_alg: 'ES256',
};
const gone = new Set();
const provider = new Provider(`http://127.0.0.1:${port}`, {
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'ES256' }] },
  clients: bridges.length ? [machine, browser, native] : [machine],
  claims: { openid: ['sub'], profile: ['preferred_username', 'groups'] },
  // In the ID token too, not at the userinfo endpoint alone.
  conformIdTokenClaims: false,
  findAccount: (_, accountId) => (gone.has(accountId) ? undefined : {
    accountId,
    claims: () => ({ sub: accountId, preferred_username: `${accountId}@corp`, groups: ['operators'] }),
  }),
  issueRefreshToken: (_, client) => client.grantTypeAllowed('refresh_token'),
  rotateRefreshToken: true,
  features: {
    devInteractions: { enabled: bridges.length > 0 },
    clientCredentials: { enabled: true },
    deviceFlow: { enabled: bridges.length > 0 },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_, audience) => ({
        scope: 'call', audience, accessTokenFormat: 'jwt', accessTokenTTL: 600, jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
  extraTokenClaims: () => ({ realm_access: { roles: ['operator'] } }),
});
const serve = provider.callback();
createServer((request, response) => {
  const [, verb, name] = request.url.split('/');
  if (request.method === 'POST' && verb === 'gone') {
    gone.add(name);
    response.end();
  } else {
    serve(request, response);
  }
}).listen(Number(port), '127.0.0.1');
