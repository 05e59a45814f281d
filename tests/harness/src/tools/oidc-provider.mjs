// An OpenID Connect provider with one key and one client of machines. Arguments: the library, the port, the key's ID.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';

const [library, port, kid] = process.argv.slice(2);
const { default: Provider } = await import(library);
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const provider = new Provider(`http://127.0.0.1:${port}`, {
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'ES256' }] },
  clients: [{
    client_id: 'machine',
    client_secret: 'secret',
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    id_token_signed_response_alg: 'ES256',
  }],
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_, audience) => ({
        scope: 'call', audience, accessTokenFormat: 'jwt', accessTokenTTL: 600, jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
  extraTokenClaims: () => ({ realm_access: { roles: ['operator'] } }),
});
createServer(provider.callback()).listen(Number(port), '127.0.0.1');
