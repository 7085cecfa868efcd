// The same journey by openapi-fetch over the types that openapi-typescript generated. Compiled strictly, then run.
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

const [url, email, password] = process.argv.slice(2);
if (!url || !email || !password) throw new Error("usage: journey URL EMAIL PASSWORD");

function unwrap<T>(answer: { data?: { data: T }; error?: unknown }): T {
  if (!answer.data) throw new Error(JSON.stringify(answer.error));
  return answer.data.data;
}

const client = createClient<paths>({ baseUrl: url });
const { accessToken } = unwrap(await client.POST("/api/v1/auth/login", { body: { email, password } }));
client.use({
  onRequest({ request }) {
    request.headers.set("Authorization", `Bearer ${accessToken}`);
    return request;
  },
});

const keys: string[] = [];
let cursor: string | null | undefined;
do {
  const query = cursor ? { limit: 20, cursor } : { limit: 20 };
  const page = unwrap(await client.GET("/api/v1/properties", { params: { query } }));
  keys.push(...page.properties.map((one) => one.listingKey ?? ""));
  cursor = page.pagination.nextCursor;
} while (cursor);

const created = unwrap(
  await client.POST("/api/v1/properties", {
    body: {
      standardStatus: "Active",
      propertyType: "Residential",
      listPrice: 489000,
      address: { streetNumber: "12", streetName: "Elm", city: "Austin", state: "TX" },
    },
  }),
);
const read = unwrap(
  await client.GET("/api/v1/properties/{property_id}", { params: { path: { property_id: created.id } } }),
);
const found = unwrap(
  await client.POST("/api/v1/properties/search", { body: { city: ["Austin"], providerId: ["local"] } }),
);
console.log(
  JSON.stringify({
    keys,
    city: read.address?.city,
    price: read.listPrice,
    status: read.standardStatus,
    found: found.properties.map((one) => one.id),
    created: created.id,
  }),
);
