"""Learning from answers: feedback as targets, imputation, the learner."""
