import { defineConfig, loadEnv } from "@medusajs/framework/utils";
module.exports = defineConfig({
  admin: { disable: true },
  projectConfig: { databaseUrl: process.env.DATABASE_URL, databaseDriverOptions: { connection: { ssl: false } }, http: { storeCors: "*", adminCors: "*", authCors: "*", jwtSecret: "x", cookieSecret: "x" } },
});
