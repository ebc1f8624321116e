"""upload-boto3.py FOLDER BUCKET -- what a Python program does that uploads a folder: boto3 in 32 threads."""
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import boto3

folder, bucket = sys.argv[1:]
client = boto3.client("s3", config=boto3.session.Config(max_pool_connections=32))
paths = [os.path.join(at, name) for at, _, names in os.walk(folder) for name in names]
with ThreadPoolExecutor(32) as pool:
    list(pool.map(lambda path: client.upload_file(path, bucket, "x/" + os.path.relpath(path, folder)), paths))
