// The same list as GET /api/v1/properties, the way a Node server is usually written: Express, pg, rows to objects.
const express = require("express");
const jwt = require("jsonwebtoken");
const { Pool } = require("pg");

const [host, database, port, key, size] = process.argv.slice(2);
const pool = new Pool({ host, database, user: "platbook", port: 5432, max: Number(size) });
const secret = Buffer.from(key, "hex");
const app = express();
const users = new Map();

async function userOf(id) {
  const kept = users.get(id);
  if (kept && Date.now() - kept.at < 2000) return kept.user;
  const { rows } = await pool.query("SELECT id, role, is_active FROM users WHERE id = $1", [id]);
  users.set(id, { at: Date.now(), user: rows[0] });
  return rows[0];
}

async function admit(request, response, next) {
  try {
    const token = (request.headers.authorization || "").split(" ")[1];
    const claims = jwt.verify(token, secret, { algorithms: ["HS256"], issuer: "platbook" });
    const user = await userOf(claims.sub);
    if (!user || !user.is_active) throw new Error("no user");
    next();
  } catch {
    response.status(401).json({ success: false, error: { code: "INVALID_TOKEN", message: "no", details: [] } });
  }
}

const number = (value) => (value === null ? null : Number(value));
const day = (value) => (value === null ? null : value.toISOString().slice(0, 10));

function toListing(row) {
  const end = row.off_market_at || new Date();
  return {
    id: row.id, providerId: row.provider_id, listingKey: row.listing_key, listingId: row.listing_id,
    standardStatus: row.standard_status, mlsStatus: row.mls_status, propertyType: row.property_type,
    propertySubType: row.property_sub_type, listPrice: number(row.list_price),
    originalListPrice: number(row.original_list_price), previousListPrice: number(row.previous_list_price),
    closePrice: number(row.close_price), subdivisionName: row.subdivision_name, latitude: row.latitude,
    longitude: row.longitude, parcelNumber: row.parcel_number, zoning: row.zoning, bedrooms: row.bedrooms_total,
    livingArea: number(row.living_area), lotSize: number(row.lot_size_square_feet),
    lotSizeAcres: number(row.lot_size_acres), yearBuilt: row.year_built, stories: row.stories,
    garageSpaces: number(row.garage_spaces), associationFee: number(row.association_fee),
    taxAnnualAmount: number(row.tax_annual_amount), publicRemarks: row.public_remarks,
    privateRemarks: row.private_remarks, showingInstructions: row.showing_instructions,
    listedAt: day(row.listing_contract_date), pendingAt: day(row.purchase_contract_date), closedAt: day(row.close_date),
    modifiedAt: row.modification_timestamp, statusChangedAt: row.status_change_timestamp,
    priceChangedAt: row.price_change_timestamp, photosChangedAt: row.photos_change_timestamp,
    photoCount: row.photos_count, originatingSystemName: row.originating_system_name, isLocal: row.is_local,
    isFeatured: row.is_featured, removedAt: row.removed_at, outOfScope: row.out_of_scope_at !== null,
    address: {
      full: row.unparsed_address, streetNumber: row.street_number, streetName: row.street_name,
      streetSuffix: row.street_suffix, unit: row.unit_number, city: row.city, county: row.county_or_parish,
      state: row.state_or_province, postalCode: row.postal_code, country: row.country,
    },
    bathrooms: { total: row.bathrooms_total, full: row.bathrooms_full, half: row.bathrooms_half },
    listAgent: {
      key: row.list_agent_key, mlsId: row.list_agent_mls_id, name: row.list_agent_full_name,
      email: row.list_agent_email, phone: row.list_agent_phone,
    },
    listOffice: {
      key: row.list_office_key, mlsId: row.list_office_mls_id, name: row.list_office_name, phone: row.list_office_phone,
    },
    fields: row.more, media: [],
    daysOnMarket: row.listed_at ? Math.max(0, Math.floor((end - row.listed_at) / 86400000)) : null,
  };
}

const COLUMNS = `id, provider_id, listing_key, listing_id, standard_status, mls_status, property_type, property_sub_type,
  list_price, original_list_price, previous_list_price, close_price, subdivision_name, latitude, longitude, parcel_number,
  zoning, bedrooms_total, living_area, lot_size_square_feet, lot_size_acres, year_built, stories, garage_spaces,
  association_fee, tax_annual_amount, public_remarks, private_remarks, showing_instructions, listing_contract_date,
  purchase_contract_date, close_date, modification_timestamp, status_change_timestamp, price_change_timestamp,
  photos_change_timestamp, photos_count, originating_system_name, is_local, is_featured, removed_at, out_of_scope_at,
  unparsed_address, street_number, street_name, street_suffix, unit_number, city, county_or_parish, state_or_province,
  postal_code, country, bathrooms_total, bathrooms_full, bathrooms_half, list_agent_key, list_agent_mls_id,
  list_agent_full_name, list_agent_email, list_agent_phone, list_office_key, list_office_mls_id, list_office_name,
  list_office_phone, more, listed_at, off_market_at`;

app.get("/api/v1/properties", admit, async (request, response) => {
  const { city, status } = request.query;
  const limit = Math.min(Number(request.query.limit || 20), 100);
  const where = "visible AND lower(city) = lower($1) AND standard_status = $2";
  const list = { name: "list", values: [city, status, limit] };
  list.text = `SELECT ${COLUMNS} FROM properties WHERE ${where} ORDER BY list_price, id LIMIT $3`;
  const count = { name: "count", text: `SELECT count(*)::int AS n FROM properties WHERE ${where}`, values: [city, status] };
  const [rows, total] = await Promise.all([pool.query(list), pool.query(count)]);
  const n = total.rows[0].n;
  response.json({
    success: true,
    data: {
      properties: rows.rows.map(toListing),
      pagination: { page: 1, limit, total: n, totalPages: Math.ceil(n / limit) },
    },
  });
});

app.listen(Number(port), "127.0.0.1", () => console.log("ready"));
