"""Cases of the reference folder that nothing of ours computes, each with the reason."""

UNBUILT = {
    "measures/D01_aft": "accelerated failure time models: not built",
    "measures/D02_cox": "Cox regression: not built",
    "measures/D03_calibration_curve": "loess and spline calibration curves: not built",
    "measures/D05_sobol_second_order": "Sobol indices on a given Saltelli sample: ours draws its own, of first and total order",
    "measures/D06_morris": "Morris elementary effects: not built",
    "measures/D08_ppi_lookup": "published look-up tables of a scorecard: not built",
    "measures/F01_primary_suppression": "dominance and p-percent rules for magnitudes: only frequencies are withheld here",
    "measures/F02_audit_two_way": "our audit says which withheld cells are determined exactly; it gives no intervals",
    "measures/F03_audit_hierarchy": "our audit says which withheld cells are determined exactly; it gives no intervals",
    "measures/F04_audit_linked": "our audit says which withheld cells are determined exactly; it gives no intervals",
    "measures/F05_audit_three_way": "our audit says which withheld cells are determined exactly; it gives no intervals",
    "small_area/E02_spatial_fay_herriot_grapes": "spatial area effects: not built",
    "small_area/E03_spatiotemporal_fh": "spatio-temporal area effects: not built",
}
