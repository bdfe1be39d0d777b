-- Sections 0, 2 and 4: the register, its people, their incomes.  A query's name is the printed table; its columns are named as printed.

-- table: data_sources
-- Apart from households and persons, rows of tables about people are rounded up to tens (docs/assessment.md, Small cells), in the
-- city once its counties are added up.
WITH every AS (
    SELECT county, 'household' AS name, 1 AS step FROM hh WHERE month = '2020-12'
    UNION ALL SELECT county, 'person', 1 FROM person JOIN home USING (household_id) WHERE snapshot_month = '2020-12'
    UNION ALL SELECT county_code, 'county', 1 FROM county UNION ALL SELECT county_code, 'village', 1 FROM village
    UNION ALL SELECT county_code, 'activity', 1 FROM activity UNION ALL SELECT county_code, 'project', 1 FROM project
    UNION ALL SELECT county_code, 'expert', 1 FROM expert UNION ALL SELECT county_code, 'enumerator', 1 FROM enumerator
    UNION ALL SELECT county_code, 'asset', 1 FROM asset JOIN project USING (project_id)
    UNION ALL SELECT county_code, 'project_review', 1 FROM project_review JOIN project USING (project_id)
    UNION ALL SELECT county_code, 'fund_flow', 1 FROM fund_flow JOIN project USING (project_id)
    UNION ALL SELECT county_code, 'project_paper', 1 FROM project_paper JOIN project USING (project_id)
    UNION ALL SELECT county_code, 'project_issue', 1 FROM project_issue JOIN project USING (project_id)
    UNION ALL SELECT county, 'income', 10 FROM income JOIN home USING (household_id)
    UNION ALL SELECT county, 'shock_event', 10 FROM shock_event JOIN home USING (household_id)
    UNION ALL SELECT county, 'alert', 10 FROM alert JOIN home USING (household_id)
    UNION ALL SELECT county, 'visit_record', 10 FROM visit_record JOIN home USING (household_id)
    UNION ALL SELECT county, 'survey_response', 10 FROM survey_response JOIN home USING (household_id)
    UNION ALL SELECT county, 'interview', 10 FROM interview JOIN home USING (household_id))
SELECT place, name AS "table", CAST(ceil(count(*) / any_value(step)) * any_value(step) AS BIGINT) AS rows
FROM every JOIN place USING (county) GROUP BY ALL;

-- table: population_by_class
SELECT place, household_class, count(*) AS households, sum(size) AS persons
FROM hh JOIN place USING (county) WHERE month = '2020-12' GROUP BY ALL;

-- table: relief
SELECT place, relief_status, count(*) AS households, sum(size) AS persons
FROM hh JOIN place USING (county) WHERE month = '2020-12' GROUP BY ALL;

-- table: causes
WITH named AS (
    SELECT place, household_id, unnest(list_distinct([cause_main, cause_other_1, cause_other_2])) AS cause, cause_main
    FROM hh JOIN place USING (county) WHERE month = '2020-12')
SELECT n.place, cause, count(*) FILTER (WHERE cause = cause_main) AS main, count(*) AS "any",
       count(*) FILTER (WHERE cause = cause_main) / any_value(k.known) AS main_share
FROM named n JOIN (SELECT place, count(cause_main) AS known FROM hh JOIN place USING (county) WHERE month = '2020-12' GROUP BY place) k USING (place)
WHERE cause IS NOT NULL AND cause <> 'none' GROUP BY ALL;

-- table: age_sex
SELECT place, CASE WHEN age >= 80 THEN '80+' ELSE (age // 10 * 10) || '–' || (age // 10 * 10 + 9) END AS age_band,
       count(*) FILTER (WHERE sex = 'male') AS male, count(*) FILTER (WHERE sex = 'female') AS female
FROM living JOIN place USING (county) WHERE month = '2020-12' AND age >= 0 GROUP BY ALL;

-- table: town_profile
WITH people AS (SELECT place, town_name, count(*) AS households, sum(size) AS persons FROM hh JOIN town_place USING (town) WHERE month = '2020-12' GROUP BY ALL),
villages AS (SELECT place, town_name, count(*) AS villages, count(*) FILTER (WHERE is_key_village) AS key_villages
             FROM village v JOIN town_place t ON t.town = v.town_code GROUP BY ALL)
SELECT place, town_name AS town, villages, key_villages, households, persons FROM villages LEFT JOIN people USING (place, town_name);

-- table: segments
WITH groups AS (
    SELECT hh.*, g.segment FROM hh, LATERAL (SELECT unnest([
        {'segment': 'elderly_only', 'holds': n60 = members}, {'segment': 'serious_illness', 'holds': serious_one},
        {'segment': 'severe_disability', 'holds': severe_one}, {'segment': 'children', 'holds': child_one},
        {'segment': 'single_parent', 'holds': child_one AND adults = 1 AND married = 0}, {'segment': 'no_labour', 'holds': NOT labour},
        {'segment': 'zero_employment', 'holds': labour AND NOT works}, {'segment': 'without_care', 'holds': helpless_one},
        {'segment': 'pupils', 'holds': pupil_one}, {'segment': 'sole_person', 'holds': size = 1}], recursive := true)) g
    WHERE g.holds AND month = '2020-12')
SELECT place, segment, count(*) AS households, sum(size) AS persons, sum(net) / sum(size) FILTER (WHERE net IS NOT NULL) AS mean_income,
       count(*) FILTER (WHERE pc < monitoring) AS below_monitor, count(*) FILTER (WHERE NOT guarantees_ok) AS unmet
FROM groups JOIN place USING (county) GROUP BY ALL;

-- table: employment
SELECT place, employment_status, count(*) AS persons FROM living JOIN place USING (county) WHERE month = '2020-12' AND labour GROUP BY ALL;

-- table: work_places
SELECT place, work_place, count(*) AS persons FROM living JOIN place USING (county)
WHERE month = '2020-12' AND employment_status IN ('away', 'local') AND work_place <> 'none' GROUP BY ALL;

-- table: health
SELECT place, health_status, count(*) AS persons, count(*) FILTER (WHERE medical_insurance) AS insured, 
       count(*) FILTER (WHERE medical_insurance) / count(medical_insurance) AS insured_share
FROM living JOIN place USING (county) WHERE month = '2020-12' GROUP BY ALL;

-- table: disability
SELECT place, disability_type, count(*) AS persons, count(*) FILTER (WHERE severe) AS severe
FROM living JOIN place USING (county) WHERE month = '2020-12' AND disability_level <> 'none' GROUP BY ALL;

-- table: segment_towns
SELECT place, town_name AS town, count(*) AS households, count(*) FILTER (WHERE n60 = members) AS elderly_only,
       count(*) FILTER (WHERE serious_one) AS serious_illness, count(*) FILTER (WHERE severe_one) AS severe_disability,
       count(*) FILTER (WHERE child_one) AS children, count(*) FILTER (WHERE child_one AND adults = 1 AND married = 0) AS single_parent,
       count(*) FILTER (WHERE NOT labour) AS no_labour, count(*) FILTER (WHERE labour AND NOT works) AS zero_employment,
       count(*) FILTER (WHERE helpless_one) AS without_care
FROM hh JOIN town_place USING (town) WHERE month = '2020-12' GROUP BY ALL;

-- table: income_summary
WITH people AS (SELECT month, place, pc, size FROM hh JOIN place USING (county) WHERE pc IS NOT NULL),
running AS (SELECT *, sum(size) OVER (PARTITION BY month, place ORDER BY pc) / sum(size) OVER (PARTITION BY month, place) AS part FROM people),
points AS (
    SELECT month, place, 'mean' AS measure, sum(pc * size) / sum(size) AS v FROM people GROUP BY ALL
    UNION ALL SELECT month, place, q.measure, min(pc) FROM running,
        (VALUES ('p10', .1), ('p25', .25), ('median', .5), ('p75', .75), ('p90', .9)) q(measure, mark) WHERE part >= q.mark GROUP BY ALL)
SELECT place, measure, any_value(v) FILTER (WHERE month = '2020-12') AS now, any_value(v) FILTER (WHERE month = '2019-12') AS before,
       any_value(v) FILTER (WHERE month = '2020-12') / any_value(v) FILTER (WHERE month = '2019-12') - 1 AS change
FROM points GROUP BY ALL;

-- table: poverty_measures
SELECT place, line, any_value("limit") AS "limit", COALESCE(sum(size) FILTER (WHERE pc < "limit"), 0) / sum(size) AS headcount,
       COALESCE(sum(size * (1 - pc / "limit")) FILTER (WHERE pc < "limit"), 0) / sum(size) AS gap,
       COALESCE(sum(size * (1 - pc / "limit") ** 2) FILTER (WHERE pc < "limit"), 0) / sum(size) AS severity
FROM (SELECT *, unnest([{'line': 'poverty_line', 'limit': poverty}, {'line': 'monitor_line', 'limit': monitoring},
                        {'line': 'dibao_line', 'limit': dibao}], recursive := true) FROM hh JOIN place USING (county) WHERE pc IS NOT NULL)
WHERE month = '2020-12' GROUP BY ALL;

-- table: income_components
SELECT place, y.period_end AS period, sum(y.wage) / sum(h.size) AS wage_income, sum(y.business) / sum(h.size) AS business_net,
       sum(y.property) / sum(h.size) AS property_income, sum(y.transfer) / sum(h.size) AS transfer_income
FROM hh h JOIN yearly y USING (household_id) JOIN place USING (county) WHERE h.month = '2020-12' AND y.net IS NOT NULL GROUP BY ALL;

-- table: income_by_town
SELECT place, town_name AS town, count(*) AS households, count(net) AS known, sum(net) / sum(size) FILTER (WHERE net IS NOT NULL) AS mean_income,
       count(*) FILTER (WHERE pc < poverty) AS below_line, count(*) FILTER (WHERE pc >= poverty AND pc < near_ratio * poverty) AS near_line
FROM hh JOIN town_place USING (town) WHERE month = '2020-12' GROUP BY ALL;
