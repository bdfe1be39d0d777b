-- Sections 3, 5, 8 and 9: responsibility and visits, guarantees, social help, villages.

-- table: assignments
SELECT place, town_name AS town, count(*) AS households, count(responsible_cadre_id) AS with_officer, count(responsible_cadre_id) / count(*) AS share
FROM hh JOIN town_place USING (town) WHERE month = '2020-12' GROUP BY ALL;

-- table: visits_by_tier
SELECT place, visitor_tier AS tier, count(*) AS visits, count(DISTINCT household_id) AS homes, count(*) FILTER (WHERE in_help_week) AS help_week
FROM visit_record JOIN home USING (household_id) JOIN place USING (county) WHERE strftime(visited_on, '%Y-%m') = '2020-12' GROUP BY ALL;

-- table: visits_due
SELECT place, CASE WHEN weekly_class THEN 'weekly' ELSE 'monthly' END AS cadence, count(*) AS households,
       count(*) FILTER (WHERE on_time) AS in_time, count(*) FILTER (WHERE on_time IS NOT TRUE) AS late, count(*) FILTER (WHERE on_time) / count(*) AS share
FROM (SELECT *, days_since <= CASE WHEN weekly_class THEN weekly_days ELSE monthly_days END AS on_time FROM judged) JOIN place USING (county)
WHERE month = '2020-12' GROUP BY ALL;

-- table: visits_by_town
SELECT place, town_name AS town, count(*) AS households,
       count(*) FILTER (WHERE days_since <= CASE WHEN weekly_class THEN weekly_days ELSE monthly_days END) AS in_time,
       count(*) FILTER (WHERE days_since <= CASE WHEN weekly_class THEN weekly_days ELSE monthly_days END) / count(*) AS share
FROM judged JOIN town_place USING (town) WHERE month = '2020-12' GROUP BY ALL;

-- table: guarantee_pass
SELECT place, criterion, count(ok) AS checked, count(*) FILTER (WHERE ok) AS passed, count(*) FILTER (WHERE NOT ok) AS failed,
       count(*) FILTER (WHERE ok) / count(ok) AS share, count(*) - count(ok) AS unknown
FROM (SELECT county, unnest([
        {'criterion': 'food_clothes_ok', 'ok': food_clothes_ok}, {'criterion': 'education_ok', 'ok': education_ok},
        {'criterion': 'medical_ok', 'ok': medical_ok}, {'criterion': 'house_safe', 'ok': house_safe},
        {'criterion': 'water_safe', 'ok': water_safe}, {'criterion': 'guarantees_ok', 'ok': guarantees_ok}], recursive := true)
      FROM hh WHERE month = '2020-12') JOIN place USING (county) GROUP BY ALL;

-- table: guarantee_by_town
SELECT place, town_name AS town, count(*) AS households, count(*) FILTER (WHERE food_clothes_ok) / count(food_clothes_ok) AS food_clothes_ok, count(*) FILTER (WHERE education_ok) / count(education_ok) AS education_ok, count(*) FILTER (WHERE medical_ok) / count(medical_ok) AS medical_ok, count(*) FILTER (WHERE house_safe) / count(house_safe) AS house_safe, count(*) FILTER (WHERE water_safe) / count(water_safe) AS water_safe, count(*) FILTER (WHERE guarantees_ok) / count(guarantees_ok) AS guarantees_ok
FROM hh JOIN town_place USING (town) WHERE month = '2020-12' GROUP BY ALL;

-- table: dwelling_layers
SELECT place, layer, count(*) AS checked, count(*) FILTER (WHERE passed) AS passed, count(*) FILTER (WHERE grade_found IN ('C', 'D')) AS dangerous,
       count(*) FILTER (WHERE grade_found = city_grade) / count(*) FILTER (WHERE grade_found IS NOT NULL AND city_grade IS NOT NULL) AS agreement
FROM (SELECT d.*, c.grade_found AS city_grade FROM dwelling_check d
      LEFT JOIN dwelling_check c ON c.household_id = d.household_id AND c.layer = 'city_review')
JOIN home USING (household_id) JOIN place USING (county) GROUP BY ALL;

-- table: insurance
SELECT place, insurance, count(has) AS persons, count(*) FILTER (WHERE has) AS insured, count(*) FILTER (WHERE NOT has) AS uninsured,
       count(*) FILTER (WHERE has) / count(has) AS insured_share
FROM (SELECT county, unnest([{'insurance': 'medical_insurance', 'has': medical_insurance},
        {'insurance': 'serious_illness_insurance', 'has': serious_illness_insurance}, {'insurance': 'pension_insurance', 'has': pension_insurance}], recursive := true)
      FROM living WHERE month = '2020-12') JOIN place USING (county) GROUP BY ALL;

-- table: schooling
SELECT place, stage, count(*) AS persons
FROM (SELECT county, unnest([student_stage, CASE WHEN out_of_school THEN 'dropped_out' END]) AS stage FROM living WHERE month = '2020-12') JOIN place USING (county)
WHERE stage <> 'none' GROUP BY ALL;

-- table: homes
SELECT place, home_item, count(ok) AS checked, count(*) FILTER (WHERE ok) AS passed, count(*) FILTER (WHERE ok) / count(ok) AS share
FROM (UNPIVOT (SELECT county, household_id, has_tv, has_fan, has_heating, has_weatherproof_openings, courtyard_clean, indoor_clean, personal_clean,
                      hard_path_to_door, greened, beautified, sanitary_toilet FROM hh WHERE month = '2020-12')
      ON COLUMNS(* EXCLUDE (county, household_id)) INTO NAME home_item VALUE ok) JOIN place USING (county) GROUP BY ALL;

-- table: pupil_sponsors
SELECT place, sponsor_role, count(DISTINCT person_id) AS pupils, count(DISTINCT sponsor_id) AS sponsors, sum(fund_amount) AS fund
FROM pupil_sponsor JOIN person_home USING (person_id) JOIN home USING (household_id) JOIN place USING (county) GROUP BY ALL;

-- table: special_posts
SELECT place, post_kind, count(DISTINCT post_id) AS posts, avg(monthly_pay) AS pay, avg(hours_month) AS hours
FROM special_post JOIN place ON county = substr(village_code, 1, 6)
WHERE CAST(start_on AS DATE) <= DATE '2020-12-31' AND (end_on IS NULL OR CAST(end_on AS DATE) >= DATE '2020-12-31') GROUP BY ALL;

-- table: idle_land
SELECT place, idle_land_type, count(*) AS villages, sum(idle_land_mu) AS area FROM village JOIN place ON county = county_code
WHERE idle_land_type <> 'none' AND idle_land_mu > 0 GROUP BY ALL;

-- table: products
SELECT place, product_class, count(DISTINCT product_id) AS products, count(DISTINCT s.product_id) AS sold, sum(sale_amount) AS sales,
       COALESCE(sum(sale_amount) FILTER (WHERE household_id IS NOT NULL), 0) AS traced_sales,
       COALESCE(sum(household_amount) FILTER (WHERE household_id IS NOT NULL), 0) AS to_households
FROM product JOIN place ON county = county_code LEFT JOIN product_sale s USING (product_id) GROUP BY ALL;

-- table: parcels
SELECT place, land_type AS idle_land_type, count(*) AS parcels, sum(area_mu) AS area, sum(parcel_income) AS parcel_income,
       sum(to_collective) AS to_collective, sum(to_households) AS to_households, sum(to_households) / sum(parcel_income) AS household_part,
       sum(to_households) / sum(households_paid) AS per_household, count(*) FILTER (WHERE to_collective >= 10000) AS village_met,
       count(*) FILTER (WHERE households_paid > 0 AND to_households / households_paid >= 800) AS household_met
FROM land_parcel JOIN place ON county = substr(village_code, 1, 6) WHERE year = 2020 GROUP BY ALL;

-- table: village_flags
SELECT place, standard, count(*) AS villages, count(*) FILTER (WHERE met) AS met, count(*) FILTER (WHERE met) / count(*) AS share
FROM (SELECT county_code AS county, CASE WHEN i <= 5 THEN 't' || i ELSE 'y' || (i - 5) END AS standard, substr(exit_flags, CAST(i AS INT), 1) = '1' AS met
      FROM village, range(1, 16) r(i) WHERE is_key_village AND exit_flags IS NOT NULL) JOIN place USING (county) GROUP BY ALL;

-- table: village_pass_by_town
SELECT place, town_name AS town, count(*) AS villages, count(*) FILTER (WHERE exit_flags = repeat('1', 15)) AS met,
       count(*) FILTER (WHERE exit_flags = repeat('1', 15)) / count(*) AS share
FROM village v JOIN town_place t ON t.town = v.town_code WHERE is_key_village AND exit_flags IS NOT NULL GROUP BY ALL;

-- table: village_services
SELECT place, service, count(has) AS villages, count(*) FILTER (WHERE has) AS met, count(*) FILTER (WHERE has) / count(has) AS share
FROM (SELECT county_code AS county, unnest([{'service': 'has_standard_clinic', 'has': has_standard_clinic},
        {'service': 'has_qualified_doctor', 'has': has_qualified_doctor}, {'service': 'passenger_bus', 'has': passenger_bus}], recursive := true) FROM village)
JOIN place USING (county) GROUP BY ALL;
