# What `npm ci` does for one package without dependencies, where there is no npm (Debian's brings 400 packages
# along): fetches the version the lock file names, checks its digest against the lock file and unpacks it.

# fetch_locked(NAME LOCK_FILE FOLDER): FOLDER/node_modules/NAME
function(fetch_locked name lock_file folder)
  file(READ ${lock_file} lock)
  string(JSON version GET "${lock}" packages node_modules/${name} version)
  string(JSON integrity GET "${lock}" packages node_modules/${name} integrity)
  set(registry https://registry.npmjs.org)
  if(DEFINED ENV{npm_config_registry})
    string(REGEX REPLACE "/+$" "" registry "$ENV{npm_config_registry}")
  endif()
  get_filename_component(file ${name} NAME)
  set(url ${registry}/${name}/-/${file}-${version}.tgz)
  set(archive ${folder}/${file}-${version}.tgz)
  message(STATUS "fetching ${url}")
  file(DOWNLOAD ${url} ${archive} TLS_VERIFY ON TIMEOUT 300 STATUS status)
  list(GET status 0 failed)
  if(failed)
    message(FATAL_ERROR "${url} could not be fetched: ${status}")
  endif()

  # The digest is in base64 there; openssl comes with ca-certificates.
  execute_process(COMMAND openssl dgst -sha512 -binary ${archive} COMMAND openssl base64 -A
    OUTPUT_VARIABLE digest RESULT_VARIABLE failed)
  if(failed OR NOT integrity STREQUAL "sha512-${digest}")
    file(REMOVE ${archive})
    message(FATAL_ERROR "${url} is not what ${lock_file} names (digest sha512-${digest})")
  endif()
  set(target ${folder}/node_modules/${name})
  file(MAKE_DIRECTORY ${target})
  file(ARCHIVE_EXTRACT INPUT ${archive} DESTINATION ${folder}/unpacked)
  file(REMOVE_RECURSE ${target})
  file(RENAME ${folder}/unpacked/package ${target})
  file(REMOVE_RECURSE ${archive} ${folder}/unpacked)
endfunction()
