"""What Muster is compared with: programs for the same job, as others write them. They import nothing of ours."""
