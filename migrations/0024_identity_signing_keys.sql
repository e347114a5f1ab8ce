ALTER TABLE "identity_keys" ALTER COLUMN "secret_hash" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "identity_keys" ADD COLUMN "sealed_secret" text;--> statement-breakpoint
ALTER TABLE "identity_keys" ADD COLUMN "previous_sealed" text;--> statement-breakpoint
ALTER TABLE "identity_keys" ADD CONSTRAINT "identity_keys_secret_check" CHECK ((secret_hash IS NULL) <> (sealed_secret IS NULL));