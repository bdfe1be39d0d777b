-- Numerator and denominator of every indicator that the register gives, for December 2020 and the December before (the value "before").
-- Definitions: docs/indicators.md, params/predicates, docs/assessment.md.
CREATE MACRO share(name, x) AS {'indicator': name, 'numerator': CAST(count(*) FILTER (WHERE x) AS DOUBLE), 'denominator': CAST(count(x) AS DOUBLE)};
CREATE MACRO ratio(name, n, d) AS {'indicator': name, 'numerator': CAST(COALESCE(n, 0) AS DOUBLE), 'denominator': CAST(d AS DOUBLE)};
CREATE MACRO added(n, x) AS COALESCE(sum(n) FILTER (WHERE x), 0);
CREATE TABLE found (month VARCHAR, place VARCHAR, indicator VARCHAR, numerator DOUBLE, denominator DOUBLE);
-- Of a sample the numerator and denominator printed are answers; the value is weighted and stands here.
CREATE MACRO weighted(name, x, w) AS {'indicator': name, 'numerator': CAST(count(*) FILTER (WHERE x) AS DOUBLE), 'denominator': CAST(count(x) AS DOUBLE),
    'value': COALESCE(sum(w) FILTER (WHERE x), 0) / sum(w) FILTER (WHERE x IS NOT NULL)};
CREATE TABLE found_weighted (month VARCHAR, place VARCHAR, indicator VARCHAR, numerator DOUBLE, denominator DOUBLE, value DOUBLE);

CREATE TABLE last_visit AS
SELECT w.month, v.household_id, max(CAST(v.visited_on AS DATE)) AS visited, bool_or(v.in_help_week AND strftime(v.visited_on, '%Y-%m') = w.month) AS help_week
FROM visit_record v JOIN period w ON CAST(v.visited_on AS DATE) <= w.day GROUP BY ALL;

CREATE TABLE losses AS
SELECT w.month, e.household_id, sum(e.gross_loss - e.compensated) AS loss
FROM shock_event e JOIN period w ON CAST(e.event_date AS DATE) <= w.day AND CAST(e.event_date AS DATE) > w.year_ago GROUP BY ALL;

CREATE TABLE judged AS
SELECT hh.*, pc < monitoring OR NOT house_safe OR NOT water_safe OR NOT education_ok OR NOT medical_ok
       OR rigid / net > 1 OR COALESCE(loss, 0) >= urgent_loss OR net / net_before < fall_ratio AS to_be_monitored,
       COALESCE(loss, 0) AS loss, v.visited, v.help_week, day - v.visited AS days_since
FROM hh LEFT JOIN losses USING (household_id, month) LEFT JOIN last_visit v USING (household_id, month);

INSERT INTO found
SELECT month, place, x.* FROM (
    SELECT month, place, unnest([
        ratio('mean_household_size', sum(size), count(size)),
        share('no_labour_households', NOT labour),
        ratio('officer_coverage', count(responsible_cadre_id), count(*)),
        ratio('visited_in_time', count(*) FILTER (WHERE days_since <= CASE WHEN weekly_class THEN weekly_days ELSE monthly_days END), count(*)),
        ratio('help_week_visits', count(*) FILTER (WHERE help_week), count(*)),
        ratio('mean_income', sum(net), sum(size) FILTER (WHERE net IS NOT NULL)),
        ratio('below_line', added(size, pc < poverty), added(size, pc IS NOT NULL)),
        share('poor_households', pc < poverty),
        ratio('below_monitor_line', added(size, pc < monitoring), added(size, pc IS NOT NULL)),
        share('near_line', pc >= poverty AND pc < near_ratio * poverty),
        ratio('steadily_above', count(*) FILTER (WHERE lifted AND pc >= poverty AND pc_before >= poverty_before),
              count(*) FILTER (WHERE lifted AND pc IS NOT NULL AND pc_before IS NOT NULL)),
        ratio('transfer_share', sum(transfer), sum(greatest(net, 0)) FILTER (WHERE transfer IS NOT NULL)),
        share('sharp_fall', net / net_before < fall_ratio),
        share('food_clothes_ok', food_clothes_ok), share('education_ok', education_ok), share('medical_ok', medical_ok),
        share('house_safe', house_safe), share('water_safe', water_safe), share('guarantees_ok', guarantees_ok),
        share('homes_complete', has_tv AND has_fan AND has_heating AND courtyard_clean AND indoor_clean AND personal_clean),
        share('environment_complete', hard_path_to_door AND greened AND beautified AND courtyard_clean AND indoor_clean
              AND personal_clean AND has_tv AND has_fan AND has_heating AND has_weatherproof_openings),
        ratio('zero_employment', count(*) FILTER (WHERE labour AND NOT works), count(*) FILTER (WHERE labour)),
        ratio('monitored_share', count(*) FILTER (WHERE watched), count(*)),
        ratio('monitored_persons', added(size, watched), sum(size)),
        ratio('missed_rate', added(size, never_registered AND (pc < poverty OR NOT guarantees_ok)), added(size, never_registered)),
        ratio('wrong_exit_rate', added(size, lifted AND (pc < poverty OR pc_before < poverty_before OR NOT guarantees_ok)), added(size, lifted)),
        ratio('relapse_rate', added(size, lifted AND (pc < poverty OR NOT guarantees_ok)), added(size, lifted)),
        ratio('missed_monitoring', count(*) FILTER (WHERE to_be_monitored AND NOT watched), count(*) FILTER (WHERE NOT watched))
    ]) AS x FROM judged JOIN place USING (county) GROUP BY month, place);

INSERT INTO found
SELECT month, place, 'income_growth', sum(net) - sum(net_before), sum(net_before)
FROM hh JOIN place USING (county) WHERE net IS NOT NULL AND net_before IS NOT NULL GROUP BY month, place;

INSERT INTO found
SELECT month, place, x.* FROM (
    SELECT month, place, unnest([
        ratio('elderly_share', count(*) FILTER (WHERE age >= 60), count(age)),
        share('insured_persons', medical_insurance),
        ratio('dropped_out', count(*) FILTER (WHERE out_of_school), count(dropped_out) FILTER (WHERE school_age)),
        ratio('employed_of_labour', count(*) FILTER (WHERE works), count(works) FILTER (WHERE labour)),
        ratio('work_in_province', count(*) FILTER (WHERE employment_status IN ('away', 'local') AND work_place = 'province'),
              count(*) FILTER (WHERE employment_status IN ('away', 'local') AND work_place <> 'none')),
        ratio('pupils_sponsored', count(*) FILTER (WHERE pupil AND sponsored), count(*) FILTER (WHERE pupil))
    ]) AS x FROM (
        SELECT *, student_stage IN ('primary', 'junior', 'senior', 'vocational_secondary', 'vocational_college', 'bachelor', 'special') AS pupil,
               person_id IN (SELECT person_id FROM pupil_sponsor) AS sponsored FROM living
    ) JOIN place USING (county) GROUP BY month, place);

-- The combined rate stands over the rural population of the county.
INSERT INTO found
SELECT month, place, 'combined_poverty_rate', sum(n), sum(rural) FROM (
    SELECT month, county, added(size, (register_year IS NOT NULL AND exit_year IS NULL)
                                  OR (lifted AND (pc < poverty OR pc_before < poverty_before OR NOT guarantees_ok))
                                  OR (never_registered AND (pc < poverty OR NOT guarantees_ok))) AS n
    FROM hh GROUP BY ALL
) JOIN (SELECT county_code AS county, rural_population AS rural FROM county) USING (county) JOIN place USING (county) GROUP BY ALL;

-- Villages.
INSERT INTO found
SELECT '2020-12', place, x.* FROM (
    SELECT place, unnest([
        ratio('village_coverage', count(*) FILTER (WHERE village_code IN (SELECT target_id FROM assignment WHERE target_kind = 'village')), count(*)),
        ratio('villages_pass', count(*) FILTER (WHERE is_key_village AND exit_flags = repeat('1', 15)), count(exit_flags) FILTER (WHERE is_key_village)),
        ratio('collective_income', sum(collective_income), count(collective_income))
    ]) AS x FROM village v JOIN place p ON p.county = v.county_code GROUP BY place);

-- Dwellings on which every layer has spoken.
INSERT INTO found
SELECT '2020-12', place, 'layers_agree', count(*) FILTER (WHERE grades = 1), count(*) FROM (
    SELECT household_id, count(DISTINCT grade_found) AS grades FROM dwelling_check
    GROUP BY household_id HAVING count(DISTINCT layer) FILTER (WHERE grade_found IS NOT NULL) = (SELECT count(DISTINCT layer) FROM dwelling_check)
) JOIN home USING (household_id) JOIN place USING (county) GROUP BY place;

-- Projects, assets and funds.  Public works have no yield by nature (note of the table of projects by type): nothing is expected of them.
INSERT INTO found
SELECT '2020-12', place, x.* FROM (
    SELECT place, unnest([
        ratio('papers_complete', count(*) FILTER (WHERE paper_complete), count(paper_complete)),
        ratio('fund_per_person', sum(fund_amount) FILTER (WHERE beneficiaries IS NOT NULL), sum(beneficiaries) FILTER (WHERE fund_amount IS NOT NULL)),
        ratio('three_reviews', count(*) FILTER (WHERE approved AND town_review_on IS NOT NULL AND county_approve_on IS NOT NULL AND city_file_on IS NOT NULL),
              count(*) FILTER (WHERE approved)),
        ratio('promised_per_household', sum(fund_amount * expected_yield_rate) FILTER (WHERE households_linked IS NOT NULL AND project_type <> 'infrastructure'),
              sum(households_linked) FILTER (WHERE fund_amount * expected_yield_rate IS NOT NULL AND project_type <> 'infrastructure')),
        ratio('worth_it', count(*) FILTER (WHERE npv >= 0), count(npv))
    ]) AS x FROM (
        SELECT *, stage IN ('city_filing', 'building', 'accepted', 'operating', 'ended') AS approved,  -- the step after the county's
               -- the promised yield each year of the term and the residual value at its end, per yuan of funds (docs/assessment.md)
               CASE WHEN project_type <> 'infrastructure' THEN
               fund_amount * (expected_yield_rate * (1 - pow(1.06, -term_years)) / 0.06 + residual_rate * pow(1.06, -term_years) - 1) END AS npv
        FROM project
    ) v JOIN place p ON p.county = v.county_code GROUP BY place);

INSERT INTO found
SELECT '2020-12', place, x.* FROM (
    SELECT place, unnest([
        share('assets_registered', registered),
        share('assets_not_normal', operating_state <> 'normal'),
        ratio('yield_realised', sum(annual_yield) FILTER (WHERE expected IS NOT NULL), sum(expected) FILTER (WHERE annual_yield IS NOT NULL))
    ]) AS x FROM (SELECT a.*, j.county_code AS county, CASE WHEN project_type <> 'infrastructure' THEN original_value * expected_yield_rate END AS expected FROM asset a JOIN project j USING (project_id))
    JOIN place USING (county) GROUP BY place);

INSERT INTO found
SELECT '2020-12', place, 'largest_operator', sum(largest), sum(held) FROM (
    SELECT county, max(held) AS largest, sum(held) AS held FROM (
        SELECT county_code AS county, operator_name, sum(original_value) AS held FROM asset JOIN project USING (project_id)
        WHERE operator_name IS NOT NULL GROUP BY ALL) GROUP BY county) JOIN place USING (county) GROUP BY place;

INSERT INTO found
SELECT '2020-12', place, x.* FROM (
    SELECT place, unnest([
        ratio('funds_disbursed', sum(amount) FILTER (WHERE flow_kind = 'disbursed'), sum(amount) FILTER (WHERE flow_kind = 'allocated')),
        ratio('funds_used', sum(amount) FILTER (WHERE flow_kind = 'used'), sum(amount) FILTER (WHERE flow_kind = 'disbursed'))
    ]) AS x FROM fund_flow JOIN project j USING (project_id) JOIN place p ON p.county = j.county_code
    WHERE CAST(flow_on AS DATE) <= DATE '2020-12-31' GROUP BY place);

INSERT INTO found
SELECT '2020-12', place, 'reviews_in_time',
       count(*) FILTER (WHERE CAST(reviewed_on AS DATE) - CAST(submitted_on AS DATE) <= 20),
       count(*) FILTER (WHERE reviewed_on IS NOT NULL OR DATE '2020-12-31' - CAST(submitted_on AS DATE) > 20)
FROM project_review JOIN project j USING (project_id) JOIN place p ON p.county = j.county_code GROUP BY place;

INSERT INTO found
SELECT '2020-12', place, x.* FROM (
    SELECT place, unnest([
        ratio('dividend_per_person', sum(amount) FILTER (WHERE year = 2020 AND CAST(paid_on AS DATE) <= DATE '2020-12-31'), count(DISTINCT person_id) FILTER (WHERE year = 2020)),
        ratio('dividends_in_arrears', sum(amount) FILTER (WHERE paid_on IS NULL OR CAST(paid_on AS DATE) > DATE '2020-12-31'), sum(amount))
    ]) AS x FROM dividend JOIN person_home USING (person_id) JOIN home USING (household_id) JOIN place USING (county)
    GROUP BY place);

-- Applications of twelve months; posts; sales; idle land.
INSERT INTO found
SELECT month, place, 'decision_days', sum(CAST(decided_on AS DATE) - CAST(applied_on AS DATE)), count(*)
FROM assistance_record JOIN period w ON CAST(applied_on AS DATE) > w.year_ago AND CAST(applied_on AS DATE) <= w.day AND CAST(decided_on AS DATE) <= w.day
JOIN home USING (household_id) JOIN place USING (county) GROUP BY ALL;

INSERT INTO found
SELECT '2020-12', place, x.* FROM (
    SELECT place, unnest([
        ratio('served_per_post', sum(served), count(DISTINCT post_id)),
        share('post_holders_fit', l.age >= 16 AND l.age < 70 AND l.labour_capacity NOT IN ('lost', 'none'))
    ]) AS x FROM (
        SELECT *, len(string_split_regex(served_person_ids, '[,;|、 ]+')) AS served, substr(village_code, 1, 6) AS county FROM special_post
        WHERE CAST(start_on AS DATE) <= DATE '2020-12-31' AND (end_on IS NULL OR CAST(end_on AS DATE) >= DATE '2020-12-31')
    ) s JOIN place USING (county) LEFT JOIN living l ON l.person_id = s.holder_id AND l.month = '2020-12' GROUP BY place);

INSERT INTO found
SELECT '2020-12', place, 'sales_traced', sum(sale_amount) FILTER (WHERE household_id IS NOT NULL), sum(sale_amount)
FROM product_sale s JOIN product USING (product_id) JOIN place p ON p.county = county_code
WHERE CAST(sold_on AS DATE) > DATE '2019-12-31' AND CAST(sold_on AS DATE) <= DATE '2020-12-31' GROUP BY place;

INSERT INTO found
SELECT '2020-12', place, x.* FROM (
    SELECT place, unnest([
        ratio('idle_land_household_part', sum(to_households), sum(parcel_income)),
        ratio('idle_land_per_household', sum(to_households), sum(households_paid))
    ]) AS x FROM land_parcel JOIN place p ON p.county = substr(village_code, 1, 6) WHERE year = 2020 GROUP BY place);

-- Issues of projects; meetings and field surveys.
INSERT INTO found
SELECT '2020-12', place, x.* FROM (
    SELECT place, unnest([
        ratio('rectified_in_time', count(*) FILTER (WHERE CAST(due_on AS DATE) <= DATE '2020-12-31' AND closed_on IS NOT NULL),
              count(*) FILTER (WHERE CAST(due_on AS DATE) <= DATE '2020-12-31')),
        ratio('days_to_close', sum(CAST(closed_on AS DATE) - CAST(found_on AS DATE)), count(closed_on))
    ]) AS x FROM project_issue JOIN project j USING (project_id) JOIN place p ON p.county = j.county_code GROUP BY place);

INSERT INTO found
SELECT '2020-12', place, 'findings_closed', sum(findings_closed), sum(findings) FROM activity JOIN place p ON p.county = county_code
WHERE year(held_on) = 2020 GROUP BY place;

-- Alerts raised in the last twelve months, and their referrals.
INSERT INTO found
SELECT '2020-12', place, x.* FROM (
    SELECT place, unnest([
        ratio('alerts_closed_in_time', count(*) FILTER (WHERE CAST(due_on AS DATE) <= DATE '2020-12-31' AND closed_on <= due_on),
              count(*) FILTER (WHERE CAST(due_on AS DATE) <= DATE '2020-12-31')),
        ratio('alert_hit_rate', count(*) FILTER (WHERE outcome = 'confirmed'), count(*) FILTER (WHERE outcome IS NOT NULL))
    ]) AS x FROM alert JOIN home USING (household_id) JOIN place USING (county)
    WHERE CAST(raised_on AS DATE) > DATE '2019-12-31' AND CAST(raised_on AS DATE) <= DATE '2020-12-31' GROUP BY place);

INSERT INTO found
SELECT '2020-12', place, 'referrals_in_time', count(*) FILTER (WHERE r.replied_on <= r.due_on), count(*)
FROM referral r JOIN alert a USING (alert_id) JOIN home USING (household_id) JOIN place USING (county)
WHERE CAST(pushed_on AS DATE) > DATE '2019-12-31' AND CAST(pushed_on AS DATE) <= DATE '2020-12-31' AND CAST(r.due_on AS DATE) <= DATE '2020-12-31' GROUP BY place;

-- Telephone survey of the year.
INSERT INTO found
SELECT month, place, x.* FROM (
    SELECT month, place, unnest([
        ratio('survey_contact', count(*) FILTER (WHERE contacted), count(*)),
        ratio('survey_response', count(*) FILTER (WHERE answered), count(*))
    ]) AS x FROM survey_response s JOIN period w ON left(s.quarter, 4) = left(w.month, 4) JOIN home USING (household_id) JOIN place USING (county) GROUP BY month, place);

INSERT INTO found_weighted
SELECT month, place, x.* FROM (
    SELECT month, place, unnest([
        weighted('approval_rate', satisfied, sampling_weight), weighted('recognises_policy', recognises_policy, sampling_weight),
        weighted('recognises_cadre', recognises_cadre, sampling_weight)
    ]) AS x FROM survey_response s JOIN period w ON left(s.quarter, 4) = left(w.month, 4) JOIN home USING (household_id) JOIN place USING (county)
    WHERE answered GROUP BY month, place);

-- Monitoring: help in time, identified in time, taken off too early.
INSERT INTO found
SELECT month, place, 'failed_help', count(*) FILTER (WHERE helped IS NULL OR helped - identified > help_days),
       count(*) FROM (
    SELECT h.month, h.county, h.help_days, h.day, CAST(h.monitor_identified_on AS DATE) AS identified,
           min(CAST(a.delivered_on AS DATE)) FILTER (WHERE CAST(a.delivered_on AS DATE) <= h.day) AS helped
    FROM hh h LEFT JOIN assistance_record a ON a.household_id = h.household_id AND a.delivered_on >= h.monitor_identified_on
    WHERE CAST(h.monitor_identified_on AS DATE) > h.year_ago AND CAST(h.monitor_identified_on AS DATE) <= h.day
    GROUP BY h.household_id, h.month, h.county, h.help_days, h.day, h.monitor_identified_on
) JOIN place USING (county) WHERE helped IS NOT NULL OR day - identified >= help_days GROUP BY month, place;

INSERT INTO found
SELECT month, place, 'timeliness', count(*) FILTER (WHERE identified - event <= identify_days), count(*) FROM (
    SELECT h.household_id, h.month, h.county, h.identify_days, CAST(h.monitor_identified_on AS DATE) AS identified, max(CAST(e.event_date AS DATE)) AS event
    FROM hh h JOIN shock_event e ON e.household_id = h.household_id AND e.event_date <= h.monitor_identified_on
         AND CAST(e.event_date AS DATE) > CAST(h.monitor_identified_on AS DATE) - INTERVAL 12 MONTH
    WHERE h.monitor_type <> 'none' AND CAST(h.monitor_identified_on AS DATE) > h.year_ago AND CAST(h.monitor_identified_on AS DATE) <= h.day
    GROUP BY ALL
) JOIN place USING (county) GROUP BY month, place;

INSERT INTO found
SELECT w.month, place, 'wrong_elimination',
       count(*) FILTER (WHERE e.net_income_per_head < on_day('monitoring_line_dezhou', CAST(e.eliminated_on AS DATE)) OR NOT e.education_ok OR NOT e.medical_ok
                        OR NOT e.house_safe OR NOT e.water_safe OR NOT m.labour),
       count(*)
FROM elimination e JOIN period w ON CAST(e.eliminated_on AS DATE) <= w.day
JOIN home USING (household_id) JOIN place USING (county) LEFT JOIN members m ON m.household_id = e.household_id AND m.month = w.month
GROUP BY w.month, place;

-- The verification sample, weighted by the inverse of the inclusion probability.
INSERT INTO found_weighted
SELECT '2020-12', place, x.* FROM (
    SELECT place, unnest([
        weighted('verified_wrong_exit', CASE WHEN lifted THEN fails END, 1 / inclusion_probability),
        weighted('verified_missed_monitoring', CASE WHEN NOT watched THEN at_risk END, 1 / inclusion_probability),
        weighted('verified_failed_help', CASE WHEN watched THEN need_unmet END, 1 / inclusion_probability)
    ]) AS x FROM (
        SELECT i.*, h.lifted, h.watched, h.county,
               i.income_short OR NOT i.food_clothes_ok OR NOT i.education_ok OR NOT i.medical_ok OR NOT i.house_safe OR NOT i.water_safe AS fails
        FROM interview i JOIN hh h ON h.household_id = i.household_id AND h.month = '2020-12' WHERE NOT i.is_repeat
    ) JOIN place USING (county) GROUP BY place);

-- Persons: the value is the sum.
INSERT INTO found_weighted SELECT month, place, 'persons', sum(size), count(*), sum(size) FROM hh JOIN place USING (county) GROUP BY ALL;

-- Weighted by persons: the income that half of the persons do not exceed; the Gini by the covariance of income and rank.
-- (The city's are those of all its households together: docs/assessment.md, Indicators.)
CREATE TABLE earning AS SELECT month, place, pc, size FROM hh JOIN place USING (county) WHERE pc IS NOT NULL;
CREATE TABLE middle AS
SELECT month, place, sum(size) AS heads, min(pc) FILTER (WHERE upto >= 0.5) AS median FROM (
    SELECT *, sum(size) OVER (PARTITION BY month, place ORDER BY pc) / sum(size) OVER (PARTITION BY month, place) AS upto FROM earning
) GROUP BY ALL;
CREATE TABLE unequal AS
SELECT month, place, sum(a.size * b.size * abs(a.pc - b.pc)) / (2 * sum(a.size * b.size * a.pc)) AS gini
FROM earning a JOIN earning b USING (month, place) GROUP BY ALL;
INSERT INTO found_weighted
SELECT month, place, x.indicator, NULL, heads, x.v FROM (
    SELECT month, place, heads, unnest([{'indicator': 'median_income', 'v': median}, {'indicator': 'income_gini', 'v': gini}]) AS x
    FROM middle JOIN unequal USING (month, place));

-- Whole weeks of the year, from the first of January, with a dispatch meeting.
INSERT INTO found
SELECT '2020-12', place, 'weeks_with_meeting', count(DISTINCT (county, week)) FILTER (WHERE activity_kind = 'meeting' AND week < 52), 52 * count(DISTINCT county)
FROM (SELECT county_code AS county, activity_kind, (dayofyear(held_on) - 1) // 7 AS week FROM activity WHERE year(held_on) = 2020)
JOIN place USING (county) GROUP BY place;

-- Scores of the month, as they stand on disk: how they are summed up, not how they came about.
INSERT INTO found
SELECT '2020-12', place, 'mean_need', sum(need), count(need) FROM hardship JOIN place ON county = county_code GROUP BY place;
INSERT INTO found
SELECT '2020-12', place, 'expected_relapse', sum(probability), count(probability) FROM risk JOIN place ON county = county_code GROUP BY place;
INSERT INTO found
SELECT '2020-12', place, 'high_risk_unmonitored', count(*) FILTER (WHERE NOT h.watched), count(*)
FROM risk r JOIN hh h ON h.household_id = r.household_id AND h.month = '2020-12' JOIN place p ON p.county = h.county WHERE band = 'high' GROUP BY place;

INSERT INTO found
SELECT '2020-12', place, 'visited_by_risk',
       count(*) FILTER (WHERE days_since <= CASE WHEN weekly_class THEN weekly_days WHEN watched OR band = 'high' THEN risk_days ELSE monthly_days END), count(*)
FROM judged JOIN risk USING (household_id) JOIN place ON place.county = judged.county WHERE judged.month = '2020-12' GROUP BY place;

CREATE TABLE recomputed AS
SELECT *, CASE WHEN denominator <> 0 THEN numerator / denominator END AS value FROM found UNION ALL BY NAME FROM found_weighted;
