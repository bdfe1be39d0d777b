-- Sections 1 and 12 to 18: verdicts by aspect, monitoring, hardship, alerts, surveys, verification, issues, methods.
-- Also given: limit_of(section, indicator, "limit"), the limits of docs/indicators.md; hardship and risk, the month's scores as they stand on disk.

-- table: monitored_now
SELECT place, monitor_type, count(*) FILTER (WHERE watched) AS current, COALESCE(sum(size) FILTER (WHERE watched), 0) AS persons,
       count(*) FILTER (WHERE CAST(monitor_identified_on AS DATE) > year_ago) AS entered,
       count(*) FILTER (WHERE CAST(risk_eliminated_on AS DATE) > year_ago) AS eliminated
FROM hh JOIN place USING (county) WHERE month = '2020-12' AND monitor_type <> 'none' GROUP BY ALL;

-- table: monitor_causes
SELECT place, risk, count(*) AS households FROM (
    SELECT place, household_id, unnest(list_distinct(string_split_regex(monitor_risk_types, '[,;|、 ]+'))) AS risk
    FROM hh JOIN place USING (county) WHERE month = '2020-12' AND watched) GROUP BY ALL;

-- table: missed_checks
SELECT place, missed_rule, count(*) AS households, count(*) FILTER (WHERE watched) AS watched, count(*) FILTER (WHERE NOT watched) AS missed,
       count(*) FILTER (WHERE NOT watched) / count(*) AS share
FROM (SELECT place, watched, unnest([
        {'missed_rule': 'below_monitor_line', 'holds': pc < monitoring}, {'missed_rule': 'dwelling', 'holds': NOT house_safe},
        {'missed_rule': 'water', 'holds': NOT water_safe}, {'missed_rule': 'dropped_out', 'holds': NOT education_ok},
        {'missed_rule': 'uninsured', 'holds': NOT medical_ok}, {'missed_rule': 'rigid_above_income', 'holds': rigid / net > 1},
        {'missed_rule': 'urgent_loss', 'holds': loss >= urgent_loss}, {'missed_rule': 'income_fall', 'holds': net / net_before < fall_ratio}],
        recursive := true)
      FROM judged JOIN place USING (county) WHERE month = '2020-12') WHERE holds GROUP BY ALL;

-- table: alerts_by_rule
SELECT place, alert_rule AS rule, count(*) AS raised, count(closed_on) AS closed,
       count(*) FILTER (WHERE closed_on IS NULL AND CAST(due_on AS DATE) < DATE '2020-12-31') AS overdue,
       count(*) FILTER (WHERE outcome = 'confirmed') AS confirmed
FROM alert JOIN home USING (household_id) JOIN place USING (county)
WHERE CAST(raised_on AS DATE) > DATE '2019-12-31' AND CAST(raised_on AS DATE) <= DATE '2020-12-31' GROUP BY ALL;

-- table: alert_levels
SELECT place, level, count(*) AS raised, count(closed_on) AS closed, count(*) FILTER (WHERE closed_on <= due_on) AS in_time,
       count(*) FILTER (WHERE closed_on IS NULL AND CAST(due_on AS DATE) < DATE '2020-12-31') AS overdue,
       median(CAST(closed_on AS DATE) - CAST(raised_on AS DATE)) AS median_days
FROM alert JOIN home USING (household_id) JOIN place USING (county)
WHERE CAST(raised_on AS DATE) > DATE '2019-12-31' AND CAST(raised_on AS DATE) <= DATE '2020-12-31' GROUP BY ALL;

-- table: alert_outcomes
SELECT place, outcome, count(*) AS alerts FROM alert JOIN home USING (household_id) JOIN place USING (county)
WHERE CAST(raised_on AS DATE) > DATE '2019-12-31' AND CAST(raised_on AS DATE) <= DATE '2020-12-31' AND outcome IS NOT NULL GROUP BY ALL;

-- table: referrals
SELECT place, to_department AS department, count(*) AS pushed, count(replied_on) AS answered,
       count(*) FILTER (WHERE replied_on IS NULL AND CAST(r.due_on AS DATE) < DATE '2020-12-31') AS overdue,
       median(CAST(replied_on AS DATE) - CAST(pushed_on AS DATE)) AS median_days
FROM referral r JOIN alert USING (alert_id) JOIN home USING (household_id) JOIN place USING (county)
WHERE CAST(pushed_on AS DATE) > DATE '2019-12-31' AND CAST(pushed_on AS DATE) <= DATE '2020-12-31' GROUP BY ALL;

-- table: survey_answers
SELECT place, question, count(*) AS answers, sum(w) FILTER (WHERE yes) / sum(w) AS share FROM (
    SELECT household_id, sampling_weight AS w, unnest([{'question': 'satisfied', 'yes': satisfied}, {'question': 'recognises_policy', 'yes': recognises_policy},
        {'question': 'recognises_cadre', 'yes': recognises_cadre}], recursive := true) FROM survey_response WHERE left(quarter, 4) = '2020' AND answered)
JOIN home USING (household_id) JOIN place USING (county) WHERE yes IS NOT NULL GROUP BY ALL;

-- table: survey_by_stratum
SELECT place, stratum, count(*) AS called, count(*) FILTER (WHERE contacted) AS reached, count(*) FILTER (WHERE answered) AS responded,
       count(*) FILTER (WHERE answered) / count(*) AS response,
       sum(sampling_weight) FILTER (WHERE answered AND satisfied) / sum(sampling_weight) FILTER (WHERE answered AND satisfied IS NOT NULL) AS satisfied
FROM survey_response JOIN home USING (household_id) JOIN place USING (county) WHERE left(quarter, 4) = '2020' GROUP BY ALL;

-- table: survey_by_quarter
SELECT place, quarter, count(*) AS called, count(*) FILTER (WHERE contacted) AS reached, count(*) FILTER (WHERE answered) AS responded,
       count(*) FILTER (WHERE answered) / count(*) AS response,
       sum(sampling_weight) FILTER (WHERE answered AND satisfied) / sum(sampling_weight) FILTER (WHERE answered AND satisfied IS NOT NULL) AS satisfied
FROM survey_response JOIN home USING (household_id) JOIN place USING (county) WHERE left(quarter, 4) = '2020' GROUP BY ALL;

-- table: enumerators
WITH who AS (
    SELECT e.county_code, e.enumerator_tier, e.enumerator_id, e.trained_on, count(i.interview_id) AS n
    FROM enumerator e LEFT JOIN interview i USING (enumerator_id) GROUP BY ALL)
SELECT place, enumerator_tier, count(*) AS enumerators, count(trained_on) AS trained, count(*) FILTER (WHERE n > 0) AS active, sum(n) AS interviews, max(n) AS most
FROM who JOIN place ON county = county_code GROUP BY ALL;

-- table: interview_sample
SELECT place, sample_part, count(*) AS interviews, sum(1 / inclusion_probability) AS stands_for
FROM interview JOIN home USING (household_id) JOIN place USING (county) WHERE NOT is_repeat GROUP BY ALL;

-- table: cause_measures
SELECT place, cause_main AS cause, count(*) AS main FROM hh JOIN place USING (county) WHERE month = '2020-12' AND cause_main <> 'none' GROUP BY ALL;

-- table: sampling
SELECT place, stratum, count(*) AS called, count(*) FILTER (WHERE contacted) AS reached, count(*) FILTER (WHERE answered) AS responded
FROM survey_response JOIN home USING (household_id) JOIN place USING (county) WHERE left(quarter, 4) = '2020' GROUP BY ALL;

-- table: risk_bands
SELECT place, band, count(*) AS households, sum(probability) AS expected, sum(probability) / count(*) AS probability
FROM risk JOIN place ON county = county_code WHERE band IS NOT NULL GROUP BY ALL;

-- table: risk_by_town
SELECT place, town_name AS town, count(*) AS scored, sum(probability) AS expected, sum(probability) / count(*) AS probability,
       count(*) FILTER (WHERE band = 'high') AS high
FROM risk r JOIN town_place t ON t.town = r.town_code WHERE probability IS NOT NULL GROUP BY ALL;

-- table: hardship_by_town
SELECT place, town_name AS town, count(*) AS scored, avg(need) AS mean_need, avg(priority) AS mean_priority
FROM hardship h JOIN town_place t ON t.town = h.town_code GROUP BY ALL;

-- table: aspect_profile
-- An aspect is a section; where each of its judged indicators was recomputed.  A limit of 0 or 2 % is a most, any other a least.
WITH judged_one AS (
    SELECT f.place, l.section, l.indicator, CASE WHEN l."limit" < 0.5 THEN f.value > l."limit" ELSE f.value < l."limit" END AS missed
    FROM limit_of l JOIN recomputed f ON f.indicator = l.indicator AND f.month = '2020-12' AND f.place <> 'city'),
whole AS (SELECT section FROM limit_of GROUP BY section HAVING bool_and(indicator IN (SELECT indicator FROM recomputed)))
SELECT p.place, CAST(section AS VARCHAR) AS aspect, count(missed) AS judged, count(*) FILTER (WHERE missed) AS not_met
FROM judged_one j JOIN place p ON p.county = j.place JOIN whole USING (section) WHERE section BETWEEN 3 AND 11 GROUP BY ALL;
