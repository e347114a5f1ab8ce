CREATE TABLE "shop_orders" (
	"id" uuid PRIMARY KEY NOT NULL,
	"sku" varchar(40) NOT NULL,
	"quantity" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "shop_stock" (
	"sku" varchar(40) PRIMARY KEY NOT NULL,
	"available" integer NOT NULL
);
