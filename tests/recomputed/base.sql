-- One row per household, and per living person, of December 2020 and of the December before, written from the predicates in
-- params/predicates, from dictionary/derived.yaml (what a derived column means) and from docs/indicators.md.  Nothing of src/ is used.
-- Given: the register's tables under their own names, and dated(name, since, value) with the numbers of params/lines.yaml and
-- params/thresholds.yaml.  AND, OR and NOT of SQL are Kleene's, as those of the predicates are; only "somebody" must be spelled out.
CREATE MACRO on_day(n, d) AS (SELECT arg_max(value, since) FROM dated WHERE name = n AND since <= d);
-- Of a household with fewer members on file than its size nobody knows what the one left out would have answered.
CREATE MACRO somebody(x, size) AS
    CASE WHEN bool_or(x) THEN true WHEN greatest(count(*), any_value(size)) > count(x) THEN NULL ELSE false END;

-- Nor how many of its members are one thing or another.
CREATE MACRO how_many(x, size) AS CASE WHEN any_value(size) > count(*) THEN NULL ELSE count(*) FILTER (WHERE x) END;

CREATE TABLE period AS
SELECT *, CAST(day - INTERVAL 12 MONTH AS DATE) AS year_ago, strftime(day - INTERVAL 12 MONTH, '%Y-%m') AS month_ago,
       on_day('age_beyond_school', day) AS beyond_school, on_day('water_litres_min', day) AS litres,
       on_day('water_minutes_max', day) AS minutes, on_day('water_outage_days_max', day) AS outage,
       on_day('weekly_visit_days', day) AS weekly_days, on_day('monthly_visit_days', day) AS monthly_days,
       on_day('high_risk_visit_days', day) AS risk_days,
       on_day('help_days', day) AS help_days, on_day('identify_days', day) AS identify_days,
       on_day('review_days', day) AS review_days, on_day('urgent_loss', day) AS urgent_loss,
       on_day('income_fall_ratio', day) AS fall_ratio, on_day('near_line_ratio', day) AS near_ratio,
       on_day('discount_rate', day) AS discount, on_day('officer_load', day) AS officer_load,
       on_day('idle_land_village', day) AS idle_village, on_day('idle_land_household', day) AS idle_household
FROM (VALUES ('2020-12', DATE '2020-12-31'), ('2019-12', DATE '2019-12-31')) AS v(month, day);

-- The lines of the year that an income is of.
CREATE TABLE line_of AS
SELECT period_end, on_day('national_line_b', last) AS poverty, on_day('monitoring_line_dezhou', last) AS monitoring,
       on_day('dibao_rural_dezhou', last) AS dibao
FROM (SELECT DISTINCT period_end, last_day(CAST(period_end || '-01' AS DATE)) AS last FROM income);

-- The county of a household is the first six digits of its village's code; of one that left, where it last lived.
CREATE TABLE home AS
SELECT household_id, arg_max(village_code, snapshot_month) AS village_code, substr(arg_max(village_code, snapshot_month), 1, 6) AS county
FROM household GROUP BY household_id;
CREATE TABLE person_home AS
SELECT person_id, arg_max(household_id, snapshot_month) AS household_id FROM person GROUP BY person_id;

-- Where a county's rows are counted: for itself, and for the city.
CREATE TABLE place AS
SELECT county_code AS county, county_code AS place FROM county UNION ALL SELECT county_code, 'city' FROM county;

CREATE TABLE living AS
SELECT *, labour AND employment_status IN ('away', 'local', 'public_post', 'farming', 'self_employed') AS works,
       age >= 6 AND age < 16 AS school_age, age >= 6 AND age < 16 AND dropped_out AS out_of_school
FROM (
    SELECT *, labour_capacity IN ('ordinary', 'skilled', 'weak') AND age >= 16 AND age < 60
              AND (student_stage = 'none' OR (student_stage IS NULL AND age >= beyond_school)) AS labour
    FROM (
        SELECT p.*, w.month, w.day, w.beyond_school, h.county, substr(h.village_code, 1, 9) AS town,
               -- whole years; of somebody born after the day (an error of the record) below zero, so in no class of age
               CASE WHEN CAST(p.birth_date AS DATE) > w.day THEN -1 ELSE date_sub('year', CAST(p.birth_date AS DATE), w.day) END AS age,
               p.disability_level IN ('level_1', 'level_2') AS severe, p.self_care = 'none' AND p.has_carer = false AS helpless
        FROM person p JOIN period w ON p.snapshot_month = w.month JOIN home h USING (household_id)
        WHERE p.deceased_on IS NULL OR CAST(p.deceased_on AS DATE) > w.day
    )
);

-- Income of a year: parts that must all be there, or a total where its parts were not asked.
CREATE TABLE yearly AS
SELECT household_id, period_end,
       12.0 / months * COALESCE(wage_income + business_gross - business_cost + property_income + transfer_income, total_income) AS net,
       12.0 / months * wage_income AS wage, 12.0 / months * (business_gross - business_cost) AS business,
       12.0 / months * property_income AS property, 12.0 / months * transfer_income AS transfer,
       12.0 / months * (medical_self_paid + education_spend + disability_care_spend + disaster_loss - claims_income) AS rigid
FROM income;

CREATE TABLE members AS
SELECT household_id, month, how_many(true, household_size) AS members, how_many(age >= 60, household_size) AS n60,
       how_many(age >= 18, household_size) AS adults,
       how_many(age >= 18 AND marital_status = 'married', household_size) AS married,
       somebody(health_status = 'serious', household_size) AS serious_one, somebody(age < 16, household_size) AS child_one,
       somebody(student_stage <> 'none', household_size) AS pupil_one,
       somebody(labour, household_size) AS labour, somebody(works, household_size) AS works,
       NOT somebody(out_of_school, household_size) AS education_ok, NOT somebody(NOT medical_insurance, household_size) AS medical_ok,
       somebody(severe, household_size) AS severe_one, somebody(helpless, household_size) AS helpless_one
FROM living JOIN household USING (household_id, snapshot_month) GROUP BY household_id, month;

CREATE TABLE hh AS
SELECT *, house_safe AND water_safe AND education_ok AND medical_ok AND food_clothes_ok AS guarantees_ok,
       severe_one OR helpless_one OR relief_status = 'tekun' AS weekly_class
FROM (
    SELECT h.*, w.* EXCLUDE (month), w.month, substr(h.village_code, 1, 6) AS county, substr(h.village_code, 1, 9) AS town,
           h.household_size AS size, m.* EXCLUDE (household_id, month),
           h.dwelling_grade IN ('A', 'B') AS house_safe,
           h.water_quality_ok AND h.water_litres_per_person_day >= w.litres AND h.water_fetch_minutes <= w.minutes
               AND h.water_outage_days <= w.outage AS water_safe,
           h.staple_food_enough AND h.protein_food_regular AND h.seasonal_clothes AS food_clothes_ok,
           y.period_end, y.net, y.wage, y.business, y.property, y.transfer, y.rigid, y.net / h.household_size AS pc,
           l.poverty, l.monitoring, l.dibao, b.net AS net_before, b.net / h.household_size AS pc_before,
           lb.poverty AS poverty_before, lb.monitoring AS monitoring_before,
           h.monitor_type <> 'none' AND NOT COALESCE(h.risk_eliminated, false) AS watched, h.exit_year IS NOT NULL AS lifted,
           h.register_year IS NULL AND h.household_class IN ('ordinary', 'edge') AS never_registered
    FROM household h JOIN period w ON h.snapshot_month = w.month
    LEFT JOIN members m ON m.household_id = h.household_id AND m.month = w.month
    LEFT JOIN yearly y ON y.household_id = h.household_id AND y.period_end = w.month
    LEFT JOIN line_of l ON l.period_end = y.period_end
    LEFT JOIN yearly b ON b.household_id = h.household_id AND b.period_end = w.month_ago
    LEFT JOIN line_of lb ON lb.period_end = b.period_end
);

-- Where a town's rows are printed: under its own name in its county, and all towns of a county under the county's name in the city.
CREATE TABLE town_place AS
SELECT DISTINCT town_code AS town, county_code AS place, town_name_zh || '|' || town_name_en AS town_name FROM village
UNION ALL
SELECT DISTINCT town_code, 'city', county_name_zh || '|' || county_name_en FROM village JOIN county USING (county_code);
