// rets-client run against a RETS server, with its results as JSON. The library is loaded through NODE_PATH.
const { createHash } = require("crypto");
const rets = require("rets-client");

const [loginUrl, username, password] = process.argv.slice(2);
const settings = { loginUrl, username, password, version: "RETS/1.7.2", userAgent: "rets-client/5.2", method: "GET" };
const hash = (data) => createHash("sha256").update(data).digest("hex");

async function search(client) {
  const rows = [];
  for (;;) {
    const options = { limit: 100, offset: rows.length + 1, restrictedIndicator: undefined };
    const page = await client.search.query("Property", "Residential", "(ListingKey=0+)", options);
    rows.push(...page.results);
    if (!page.maxRowsExceeded) return rows;
  }
}

async function walk(client) {
  const metadata = async (ask) => (await ask).results.flatMap((part) => part.metadata);
  const rows = await search(client);
  const key = rows[0].ListingKey;
  const photos = await client.objects.getAllObjects("Property", "Photo", key);
  const single = await client.objects.getPreferredObjects("Property", "Photo", key);
  const addresses = await client.objects.getAllObjects("Property", "Photo", key, { Location: 1 });
  return {
    system: (await client.metadata.getSystem()).systemId,
    resources: (await metadata(client.metadata.getResources())).map((one) => one.ResourceID),
    classes: (await metadata(client.metadata.getClass("Property"))).map((one) => one.ClassName),
    fields: (await metadata(client.metadata.getTable("Property", "Residential"))).map((one) => one.SystemName),
    lookup: (await metadata(client.metadata.getLookupTypes("Property", "View"))).map((one) => one.LongValue),
    objects: (await metadata(client.metadata.getObject("Property"))).map((one) => one.ObjectType),
    rows,
    key,
    photos: [single, ...photos.objects.filter((one) => one.data)].map((one) => hash(one.data)),
    addresses: addresses.objects.filter((one) => one.type === "location").map((one) => one.headerInfo.location),
  };
}

rets
  .getAutoLogoutClient(settings, walk)
  .then((report) => console.log(JSON.stringify(report)))
  .catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });
