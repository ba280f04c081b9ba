"""The bytes of a job: kept in a store on disk, shown as clean lines."""
