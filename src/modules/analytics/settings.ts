import { defineSettings, whole } from "@brain/engine";

export interface AnalyticsSettings {
  /** Days for which hours are kept. */
  readonly hourDays: number;
  /** Days for which days are kept. */
  readonly dayDays: number;
}

export const analyticsSettings = defineSettings(
  {
    BRAIN_ANALYTICS_HOUR_DAYS: whole(2, 400).default(90),
    BRAIN_ANALYTICS_DAYS: whole(31, 3_660).default(1_100),
  },
  (env): AnalyticsSettings => ({
    hourDays: env.BRAIN_ANALYTICS_HOUR_DAYS,
    dayDays: env.BRAIN_ANALYTICS_DAYS,
  }),
);
